using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Errors;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HipaaTemplate.Features.AuditTrail;

/// <summary>
/// Who opened or changed a patient's record. An id without events has an empty list, whoever's it is: this feature does
/// not know which patients there are, and another tenant's is so like one that does not exist.
/// </summary>
internal static class ListAccesses
{
    public static async Task<Results<Ok<ListEvents.Response>, ProblemResult>> Handle(
        Guid id,
        HttpRequest request,
        TrailPages pages,
        CancellationToken ct,
        [Range(1, 100, ErrorMessage = "must be between 1 and 100")]
        [Description("Events of a page, 1 to 100.")]
        int limit = 20,
        [Description("next_cursor of the page before; the other parameters as they were then.")]
        string? cursor = null) =>
        await pages.ReadAsync(request, new TrailFilter { Patient = id }, limit, cursor, ct) is { } page
            ? TypedResults.Ok(ListEvents.Response.From(page))
            : RequestErrors.InvalidCursor.ToResult();
}
