using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using HipaaTemplate.Platform.Protection.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.Patients;

internal static class SearchPatients
{
    /// <summary>Rows that the database gives at once; of a compound index most are others'.</summary>
    private const int CandidatesAtOnce = 200;

    public static async Task<Results<Ok<ListPatients.Response>, ProblemResult>> Handle(
        PatientSearchRequest search,
        HttpRequest request,
        AppDbContext db,
        CancellationToken ct,
        [Range(1, 100, ErrorMessage = "must be between 1 and 100")]
        [Description("Rows of a page, 1 to 100.")]
        int limit = 20,
        [Description("next_cursor of the page before; the body and the other parameters as they were then.")]
        string? cursor = null)
    {
        Guid? lastId = null;
        if (cursor is not null)
        {
            if (!request.TryReadCursor(cursor, out var id))
            {
                return RequestErrors.InvalidCursor.ToResult();
            }

            lastId = id;
        }

        var query = await BlindQuery<Patient>.CreateAsync(db, ValuesOf(search), ct);
        List<Patient> found = [];
        for (var isMore = true; isMore && found.Count <= limit;)
        {
            var rows = db.Patients.AsNoTracking();
            if (lastId is { } last)
            {
                rows = rows.Where(p => p.Id < last);
            }

            var candidates = await query.Candidates(rows).OrderByDescending(p => p.Id).Take(CandidatesAtOnce).ToListAsync(ct);
            found.AddRange(candidates.Where(query.Matches));
            isMore = candidates.Count == CandidatesAtOnce;
            lastId = candidates.LastOrDefault()?.Id;
        }

        return TypedResults.Ok(new ListPatients.Response(
            [.. found.Take(limit).Select(ListPatients.Item.From)],
            found.Count > limit ? request.CursorAfter(found[limit - 1].Id) : null));
    }

    private static (string Column, string Value)[] ValuesOf(PatientSearchRequest search) => search switch
    {
        { Mrn: { } mrn } => [(nameof(Patient.Mrn), mrn)],
        { Phone: { } phone } => [(nameof(Patient.Phone), phone)],
        { Email: { } email } => [(nameof(Patient.Email), email)],
        _ =>
        [
            (nameof(Patient.FamilyName), search.FamilyName!),
            (nameof(Patient.BirthDate), search.BirthDate!.Value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        ],
    };
}
