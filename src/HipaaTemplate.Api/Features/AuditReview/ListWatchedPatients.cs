using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.AuditReview;

internal static class ListWatchedPatients
{
    public sealed record Response(IReadOnlyList<WatchedPatientResponse> Items, string? NextCursor);

    public static async Task<Results<Ok<Response>, ProblemResult>> Handle(
        HttpRequest request,
        AppDbContext db,
        CancellationToken ct,
        [Range(1, 100, ErrorMessage = "must be between 1 and 100")]
        [Description("Rows of a page, 1 to 100.")]
        int limit = 20,
        [Description("next_cursor of the page before; the other parameters as they were then.")]
        string? cursor = null)
    {
        var patients = db.Set<WatchedPatient>().AsNoTracking();
        if (cursor is not null)
        {
            if (!request.TryReadCursor(cursor, out var lastId))
            {
                return RequestErrors.InvalidCursor.ToResult();
            }

            patients = patients.Where(patient => patient.Id < lastId);
        }

        var rows = await patients.OrderByDescending(patient => patient.Id).Take(limit + 1).ToListAsync(ct);
        return TypedResults.Ok(new Response(
            [.. rows.Take(limit).Select(WatchedPatientResponse.From)],
            rows.Count > limit ? request.CursorAfter(rows[limit - 1].Id) : null));
    }
}

internal sealed record WatchedPatientResponse(Guid PatientId, Guid AddedBy, DateTimeOffset AddedAt)
{
    public static WatchedPatientResponse From(WatchedPatient patient) => new(patient.Id, patient.AddedBy, patient.AddedAt);
}
