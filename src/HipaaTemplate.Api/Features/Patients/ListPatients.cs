using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.Patients;

internal static class ListPatients
{
    public sealed record Response(IReadOnlyList<Item> Items, string? NextCursor);

    /// <summary>What a list shows; the rest is for whoever opens the patient.</summary>
    public sealed record Item(
        Guid Id, string GivenName, string FamilyName, DateOnly BirthDate, Sex Sex, string Mrn)
    {
        internal static Item From(Patient patient) => new(
            patient.Id,
            patient.GivenName.Reveal(),
            patient.FamilyName.Reveal(),
            patient.BirthDate.Reveal(),
            patient.Sex.Reveal(),
            patient.Mrn.Reveal());
    }

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
        var patients = db.Patients.AsNoTracking();
        if (cursor is not null)
        {
            if (!request.TryReadCursor(cursor, out var lastId))
            {
                return RequestErrors.InvalidCursor.ToResult();
            }

            patients = patients.Where(p => p.Id < lastId);
        }

        // UUIDv7 sorts by time of creation. One more than asked for tells whether a page follows.
        var rows = await patients
            .OrderByDescending(p => p.Id)
            .Take(limit + 1)
            .ToListAsync(ct);
        return TypedResults.Ok(new Response(
            [.. rows.Take(limit).Select(Item.From)],
            rows.Count > limit ? request.CursorAfter(rows[limit - 1].Id) : null));
    }
}
