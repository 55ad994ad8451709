using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Auditing.Sealing;

/// <summary>The log of one tenant and one month (in UTC).</summary>
/// <param name="Tenant">Whose events.</param>
/// <param name="Month">Its first day.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AuditLog(TenantId Tenant, DateOnly Month)
{
    public const string MonthFormat = "yyyy-MM";

    public DateTimeOffset Begin => new(Month.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    public DateTimeOffset End => new(Month.AddMonths(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    public string MonthText => Month.ToString(MonthFormat, CultureInfo.InvariantCulture);

    public static AuditLog Of(TenantId tenant, DateTimeOffset at) => new(tenant, new DateOnly(at.UtcDateTime.Year, at.UtcDateTime.Month, 1));

    /// <summary>Of the event with this id.</summary>
    /// <returns>Null when it is no UUIDv7.</returns>
    public static AuditLog? Of(TenantId tenant, Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var milliseconds = (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16);
        return id.Version == 7 && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? Of(tenant, DateTimeOffset.FromUnixTimeMilliseconds(milliseconds))
            : null;
    }

    /// <param name="trail">AUDIT_LOG_NAME.</param>
    /// <param name="size">Number of leaves.</param>
    /// <param name="root">Of the tree of that size.</param>
    public Checkpoint CheckpointAt(string trail, long size, ReadOnlySpan<byte> root) =>
        new($"{trail}/{Tenant}/{MonthText}", size, root);
}

/// <summary>A log as it was sealed at one time.</summary>
/// <param name="Number">Its place among the heads, from 0.</param>
/// <param name="Size">Leaves of the log.</param>
/// <param name="Root">Of its tree.</param>
/// <param name="Peaks">To go on from (<see cref="MerkleTree.Save"/>).</param>
/// <param name="LeafHash">Of the checkpoint's text.</param>
internal sealed record SealedHead(long Number, AuditLog Log, long Size, byte[] Root, byte[][] Peaks, byte[] LeafHash);

/// <summary>All logs as they were sealed at one time, and signed.</summary>
/// <param name="Heads">How many heads there were.</param>
/// <param name="Peaks">Of the tree of heads.</param>
/// <param name="Horizon">Events of transactions before this one are sealed.</param>
/// <param name="At">When.</param>
/// <param name="Note">The signed checkpoint.</param>
internal sealed record Seal(long Heads, byte[][] Peaks, ulong Horizon, DateTimeOffset At, string Note);

/// <summary>An event on its way into a log.</summary>
internal sealed record UnsealedEvent(TenantId Tenant, Guid Id, DateTimeOffset At, byte[] LeafHash, ulong Transaction);

/// <summary>An event's place in its log.</summary>
internal sealed record SealedLeaf(AuditLog Log, long Leaf, UnsealedEvent Event);
