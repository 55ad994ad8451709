using System.Diagnostics.CodeAnalysis;
using HipaaTemplate.Platform.Http;

namespace HipaaTemplate.Platform.Tenancy;

/// <summary>
/// The id of a tenant. A type of its own, so that a patient's id cannot pass for one; the nil UUID
/// and an uninitialized value are refused.
/// </summary>
internal readonly record struct TenantId
{
    private readonly Guid value;

    private TenantId(Guid value) => this.value = value;

    /// <exception cref="InvalidOperationException">The value was never set.</exception>
    public Guid Value => IsSet ? value : throw new InvalidOperationException("This tenant id was never set.");

    public bool IsSet => value != Guid.Empty;

    /// <exception cref="ArgumentException">The nil UUID names no tenant.</exception>
    public static TenantId From(Guid value) => value == Guid.Empty
        ? throw new ArgumentException("The nil UUID names no tenant.", nameof(value))
        : new TenantId(value);

    /// <summary>Accepts the canonical form only: 36 characters with hyphens.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TenantId id)
    {
        var parsed = StrictUuid.TryParse(text, out var value);
        id = parsed ? new TenantId(value) : default;
        return parsed;
    }

    public override string ToString() => Value.ToString("D");
}
