using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace HipaaTemplate.Features.AuditTrail;

internal static class ListEvents
{
    private const int LongestActor = 64;

    public sealed record Response(IReadOnlyList<EventItem> Items, string? NextCursor)
    {
        internal static Response From(TrailPage page) => new([.. page.Events.Select(EventItem.From)], page.NextCursor);
    }

    public static async Task<Results<Ok<Response>, ProblemResult>> Handle(
        HttpRequest request,
        TrailPages pages,
        CancellationToken ct,
        [FromQuery(Name = "patient_id"), Uuid]
        [Description("Events that name this patient.")]
        string? patientId = null,
        [Text(LongestActor)]
        [Description("Events of this actor: a user's id as in GET /api/v1/me, or the name of a process.")]
        string? actor = null,
        [Word<AuditAction>]
        [Description("Events of this kind; docs/AUDIT_EVENTS.md lists them.")]
        string? action = null,
        [Word<AuditOutcome>]
        [Description("Events with this outcome.")]
        string? outcome = null,
        [Time]
        [Description("Events from this time on, such as 2026-01-15T09:00:00Z.")]
        string? from = null,
        [Time]
        [Description("Events before this time.")]
        string? to = null,
        [Range(1, 100, ErrorMessage = "must be between 1 and 100")]
        [Description("Events of a page, 1 to 100.")]
        int limit = 20,
        [Description("next_cursor of the page before; the other parameters as they were then.")]
        string? cursor = null)
    {
        var filter = new TrailFilter
        {
            Patient = StrictUuid.TryParse(patientId, out var patient) ? patient : null,
            Actor = actor,
            Action = action,
            Outcome = outcome,
            From = StrictTime.TryParse(from, out var begin) ? begin : null,
            To = StrictTime.TryParse(to, out var end) ? end : null,
        };
        if (filter.From >= filter.To)
        {
            return AuditErrors.EmptySpan.ToResult();
        }

        return await pages.ReadAsync(request, filter, limit, cursor, ct) is { } page
            ? TypedResults.Ok(Response.From(page))
            : RequestErrors.InvalidCursor.ToResult();
    }
}
