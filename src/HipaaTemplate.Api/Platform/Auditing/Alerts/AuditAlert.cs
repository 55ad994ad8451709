using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>
/// Something in the trail that a person has to look at: one rule, one user (or address), and all that belongs
/// together in time. It is its own entry in the outbox of the webhook.
/// </summary>
[NotPhi("ids of users, patients and events, counts and fixed words")]
internal sealed class AuditAlert : ITenantScoped
{
    public const int MaximumSubjectLength = 100;

    /// <summary>Of the patients that are named; the trail has the others.</summary>
    public const int MostPatients = 100;

    /// <summary>The platform's own, for what happened before a tenant was known: see <see cref="AuditEntry.Platform"/>.</summary>
    public TenantId TenantId { get; init; }

    /// <summary>UUIDv7 of when it was raised; also the webhook's message id.</summary>
    public required Guid Id { get; init; }

    public required AlertRule Rule { get; init; }

    /// <summary>The user by the tenant's id, or the address where nobody is known.</summary>
    public required string Subject { get; init; }

    public required DateTimeOffset RaisedAt { get; init; }

    public required Guid FirstEventId { get; init; }

    public required DateTimeOffset FirstAt { get; init; }

    public required Guid LastEventId { get; set; }

    public required DateTimeOffset LastAt { get; set; }

    /// <summary>That the rule found something in; of a rule that counts, those from the one that was too many.</summary>
    public required int Events { get; set; }

    /// <summary>How many different patients it is about, at least.</summary>
    public required int PatientCount { get; set; }

    public required Guid[] Patients { get; set; }

    /// <summary>Counts changes that a reviewer has to know; the ETag.</summary>
    public int Version { get; set; } = 1;

    public DateTimeOffset? SignedOffAt { get; private set; }

    /// <summary>The user who signed it off.</summary>
    public Guid? ReviewerId { get; private set; }

    public AlertConclusion? Conclusion { get; private set; }

    /// <summary>Of delivery.</summary>
    public int Attempts { get; init; }

    /// <summary>When it is delivered next; null when there is nothing to deliver any more, or nowhere.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    public DateTimeOffset? DeliveredAt { get; init; }

    public void SignOff(Guid reviewer, AlertConclusion conclusion, DateTimeOffset now)
    {
        SignedOffAt = now;
        ReviewerId = reviewer;
        Conclusion = conclusion;
        Version++;
    }

    internal static void Map(EntityTypeBuilder<AuditAlert> alert)
    {
        alert.ToTable("audit_alerts");
        alert.HasAnnotation(TenantModel.OfPlatformToo, true);
        alert.Property(a => a.Subject).HasMaxLength(MaximumSubjectLength);
        alert.Property(a => a.Version).IsConcurrencyToken();
        alert.HasIndex(a => new { a.Rule, a.Subject, a.FirstEventId }).IsUnique();
        alert.HasIndex(a => a.NextAttemptAt);
    }
}
