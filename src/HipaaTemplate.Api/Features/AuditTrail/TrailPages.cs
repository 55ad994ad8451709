using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Http;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Features.AuditTrail;

internal sealed record TrailPage(IReadOnlyList<StoredEvent> Events, string? NextCursor);

/// <summary>The tenant's events, page by page.</summary>
internal sealed class TrailPages(TenantTrail trail, TenantContext tenant, AccessRecord access)
{
    /// <returns>Null for a cursor that is not one of this request.</returns>
    public async Task<TrailPage?> ReadAsync(HttpRequest request, TrailFilter filter, int limit, string? cursor, CancellationToken ct)
    {
        if (cursor is not null)
        {
            if (!request.TryReadCursor(cursor, out var lastId))
            {
                return null;
            }

            filter = filter with { Before = lastId };
        }

        // The event of this read says whose accesses were looked at.
        if (filter.Patient is { } patient)
        {
            access.Concern(patient);
        }

        // UUIDv7 sorts by time. One more than asked for tells whether a page follows.
        var events = await trail.ListAsync(tenant.Id, filter, limit + 1, ct);
        return events.Count > limit
            ? new TrailPage(events[..limit], request.CursorAfter(events[limit - 1].Stamped.Entry.Id))
            : new TrailPage(events, null);
    }
}
