using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>
/// How far the rules have looked: all events that were sealed before this head. Added in the transaction that
/// raised the alerts, so that no event is looked at twice or not at all; the highest counts. It also says which
/// tenants have alerts that may have to be delivered, for as long as they may.
/// </summary>
internal sealed class AlertCursor
{
    public const string Table = "app.alert_cursors";

    /// <summary>The next one to look at.</summary>
    public required long Head { get; init; }

    public required Guid[] Alerted { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    internal static void Map(EntityTypeBuilder<AlertCursor> cursor)
    {
        cursor.ToTable("alert_cursors");
        cursor.HasKey(c => c.Head);
        cursor.Property(c => c.Head).ValueGeneratedNever();
    }
}
