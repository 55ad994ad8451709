using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>A patient whose data nobody opens without an alert. Its id is the patient's.</summary>
[NotPhi("a patient's id, and who wanted it watched")]
internal sealed class WatchedPatient : ITenantScoped
{
    public TenantId TenantId { get; private set; }

    public required Guid Id { get; init; }

    /// <summary>The user who asked for it.</summary>
    public required Guid AddedBy { get; init; }

    public required DateTimeOffset AddedAt { get; init; }

    internal static void Map(EntityTypeBuilder<WatchedPatient> patient) => patient.ToTable("watched_patients");
}
