using System.IO.Compression;
using System.Text;
using HipaaTemplate.Platform.Auditing.Export;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Auditing.Verification;
using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Retention;

internal enum ArchiveOutcome
{
    Archived,

    /// <summary>Some of its events are not sealed yet: another time.</summary>
    NotSealed,

    /// <summary>What is at its place does not verify, or is not this log.</summary>
    Damaged,
}

/// <summary>Copies of months that have ended, outside the database, each verified as it is read back.</summary>
internal sealed partial class AuditArchive(
    ArchiveStore store, AuditExport export, AuditSigningKeys signingKeys, VerbEvents events,
    IOptions<RetentionSettings> settings, IOptions<AuditSettings> audit, TimeProvider time, ILogger<AuditArchive> logger)
{
    /// <summary>After the end of a month, for clocks that are behind.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromDays(1);

    private VerifierKeys? keys;

    /// <exception cref="CommandException">There is none.</exception>
    public IArchivePlace Place => settings.Value.ArchiveDirectory is { } directory
        ? new ArchiveDirectory(directory)
        : throw new CommandException("There is no place for archives: set AUDIT_ARCHIVE_DIRECTORY.");

    /// <summary>Those that are not archived as they are now.</summary>
    public async Task<List<KeptLog>> OpenAsync(CancellationToken ct)
    {
        var logs = await store.LogsAsync(ct);
        return [.. logs.Where(log => log.Archive is null && log.Log.End + Grace <= time.GetUtcNow())];
    }

    /// <summary>May be stopped anywhere and run again: what is there already is looked at and taken for what it is.</summary>
    /// <exception cref="IOException">The place cannot be written to or read.</exception>
    public async Task<ArchiveOutcome> AddAsync(KeptLog log, CancellationToken ct)
    {
        if (!await store.IsSealedAsync(log.Log, ct))
        {
            return ArchiveOutcome.NotSealed;
        }

        foreach (var name in log.Names)
        {
            var exam = await ReadAsync(name, ct);
            if (exam is null)
            {
                await events.WriteAsync(log.Log.Tenant, AuditAction.ArchiveAuditTrail, $"month={log.Log.MonthText}", ct);
                await Place.PutAsync(name, stream => WriteAsync(log.Log, stream, ct), ct);
                exam = (await ReadAsync(name, ct))!;
            }

            if (exam.Is(log, audit.Value.LogName))
            {
                await store.AddAsync(log, new ArchivedFile(name, exam.Sha256), time.GetUtcNow(), ct);
                return ArchiveOutcome.Archived;
            }

            if (exam.Head is null || exam.Head.Origin != OriginOf(log) || exam.Head.Size >= log.Size)
            {
                break;
            }
        }

        Damaged(logger, log.Log.MonthText, log.Log.Tenant);
        return ArchiveOutcome.Damaged;
    }

    /// <summary>Whether the archive is there as it was, and proves what was sealed last. If not, it is a security event.</summary>
    /// <exception cref="IOException">The place cannot be read.</exception>
    public async Task<bool> HoldsAsync(KeptLog log, CancellationToken ct)
    {
        if (log.Archive is { } archive && await ReadAsync(archive.Name, ct) is { } exam
            && exam.Sha256.AsSpan().SequenceEqual(archive.Sha256) && exam.Is(log, audit.Value.LogName))
        {
            return true;
        }

        Damaged(logger, log.Log.MonthText, log.Log.Tenant);
        return false;
    }

    private string OriginOf(KeptLog log) => log.Log.CheckpointAt(audit.Value.LogName, log.Size, log.Root).Origin;

    private async Task<ArchiveExam?> ReadAsync(string name, CancellationToken ct) =>
        await ArchiveExam.ReadAsync(Place, name, keys ??= await KeysAsync(ct), ct);

    private async Task<VerifierKeys> KeysAsync(CancellationToken ct) =>
        VerifierKeys.Parse(string.Join('\n', (await signingKeys.PublicKeysAsync(ct)).Select(key => key.Format())));

    private async Task WriteAsync(AuditLog log, Stream stream, CancellationToken ct)
    {
        await using var compressed = new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true);
        await using var writer = new StreamWriter(compressed, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
        await export.BundleAsync(log, writer, ct);
    }

    [LoggerMessage(1680, LogLevel.Critical, "SECURITY: the archive of {Month} of the audit trail of tenant {TenantId} is missing, was changed or does not verify; nothing of that month is destroyed")]
    private static partial void Damaged(ILogger logger, string month, TenantId tenantId);
}
