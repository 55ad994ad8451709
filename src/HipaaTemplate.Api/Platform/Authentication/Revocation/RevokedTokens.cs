using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Platform.Authentication.Revocation;

internal enum RevocationKind : short
{
    /// <summary>Tokens of one sign-in (<c>sid</c>).</summary>
    Session = 1,

    /// <summary>Tokens of one user that were issued until a moment.</summary>
    Subject = 2,

    /// <summary>Like <see cref="Subject"/>, but only those that do not say which sign-in they are of.</summary>
    SubjectWithoutSession = 3,
}

/// <summary>
/// One line of the deny list. JWTs cannot be called back, so this says which ones are refused. A global
/// table: it is read before the tenant is known. The API adds lines, never changes one, and removes those
/// that have expired, which is all that the database lets it.
/// </summary>
internal sealed class RevokedTokens
{
    public const int MaximumValueLength = 255;

    private const string ReadableTimes = """
        least(issued_until, recorded_at, expires_at) >= '2000-01-01 00:00:00+00'
        AND greatest(issued_until, recorded_at, expires_at) < '9000-01-01 00:00:00+00'
        """;

    public required Guid Id { get; init; }

    public required string Issuer { get; init; }

    public required RevocationKind Kind { get; init; }

    /// <summary>A session's or a subject's id, by <see cref="Kind"/>.</summary>
    public required string Value { get; init; }

    /// <summary>The only tenant whose tokens are meant; null for all, when the issuer itself says so.</summary>
    public Guid? WithinTenant { get; init; }

    /// <summary>A subject's tokens that are issued later are good again; a session has none.</summary>
    public required DateTimeOffset IssuedUntil { get; init; }

    /// <summary>By the database's clock: instances look for what is newer than what they have seen.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>When the last token that is meant has run out.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    internal static void Map(EntityTypeBuilder<RevokedTokens> revoked)
    {
        // One line with a time that nobody can read would stop all of them from being read.
        revoked.ToTable("revoked_tokens", table => table.HasCheckConstraint("ck_revoked_tokens_times", ReadableTimes));
        revoked.HasKey(r => r.Id);
        revoked.Property(r => r.Id).ValueGeneratedNever();
        revoked.Property(r => r.Issuer).HasMaxLength(Issuers.RegisteredIssuer.MaximumIssuerLength);
        revoked.Property(r => r.Value).HasMaxLength(MaximumValueLength);
        revoked.HasIndex(r => r.RecordedAt);
        revoked.HasIndex(r => r.ExpiresAt);
    }
}
