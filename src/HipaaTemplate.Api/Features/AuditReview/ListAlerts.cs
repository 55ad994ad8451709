using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.AuditReview;

internal static class ListAlerts
{
    private const string Open = "open";
    private const string SignedOff = "signed_off";

    public sealed record Response(IReadOnlyList<AlertResponse> Items, string? NextCursor);

    public static async Task<Results<Ok<Response>, ProblemResult>> Handle(
        HttpRequest request,
        AppDbContext db,
        CancellationToken ct,
        [AllowedValues(null, Open, SignedOff, ErrorMessage = "must be open or signed_off")]
        [Description("open or signed_off; both when it is left out.")]
        string? state = null,
        [Range(1, 100, ErrorMessage = "must be between 1 and 100")]
        [Description("Rows of a page, 1 to 100.")]
        int limit = 20,
        [Description("next_cursor of the page before; the other parameters as they were then.")]
        string? cursor = null)
    {
        var alerts = db.Set<AuditAlert>().AsNoTracking();
        if (state is not null)
        {
            alerts = alerts.Where(alert => (alert.SignedOffAt == null) == (state == Open));
        }

        if (cursor is not null)
        {
            if (!request.TryReadCursor(cursor, out var lastId))
            {
                return RequestErrors.InvalidCursor.ToResult();
            }

            alerts = alerts.Where(alert => alert.Id < lastId);
        }

        // UUIDv7 sorts by the time that it was raised at. One more than asked for tells whether a page follows.
        var rows = await alerts.OrderByDescending(alert => alert.Id).Take(limit + 1).ToListAsync(ct);
        return TypedResults.Ok(new Response(
            [.. rows.Take(limit).Select(AlertResponse.From)],
            rows.Count > limit ? request.CursorAfter(rows[limit - 1].Id) : null));
    }
}
