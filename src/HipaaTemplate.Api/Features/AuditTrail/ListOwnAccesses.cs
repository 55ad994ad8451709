using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HipaaTemplate.Features.AuditTrail;

/// <summary>Who opened or changed one's own record; the token says which it is.</summary>
internal static class ListOwnAccesses
{
    public sealed record Response(IReadOnlyList<Item> Items, string? NextCursor);

    /// <summary>Who, when, what and why. Where staff sat, and which other patients an event names, is not the patient's to know.</summary>
    /// <param name="Access">What was done: created, read, changed, removed. Empty where the record itself was not touched.</param>
    public sealed record Item(
        Guid Id, DateTimeOffset At, string Action, string Outcome, string ActorType, string? Actor, string? Purpose, IReadOnlyList<string> Access)
    {
        internal static Item From(StoredEvent stored, Guid patient)
        {
            var entry = stored.Stamped.Entry;
            // A row that is the patient says it of the patient; of one that belongs to a patient an event of several does not say to whom.
            var own = entry.Records.Where(record => record.Id == patient).ToList();
            return new Item(
                entry.Id, entry.At, entry.Action, entry.Outcome, entry.ActorType, entry.Actor, entry.Purpose,
                [.. (own.Count > 0 ? own : entry.Records).Select(record => AccessWords.Of(record.Access)).Distinct()]);
        }
    }

    public static async Task<Results<Ok<Response>, ProblemResult>> Handle(
        HttpContext context,
        TrailPages pages,
        CancellationToken ct,
        [Range(1, 100, ErrorMessage = "must be between 1 and 100")]
        [Description("Events of a page, 1 to 100.")]
        int limit = 20,
        [Description("next_cursor of the page before; the other parameters as they were then.")]
        string? cursor = null)
    {
        if (context.Features.Get<AccessToken>()?.Patient is not { } patient)
        {
            return AuditErrors.NoPatientClaim.ToResult();
        }

        return await pages.ReadAsync(context.Request, new TrailFilter { Patient = patient }, limit, cursor, ct) is { } page
            ? TypedResults.Ok(new Response([.. page.Events.Select(stored => Item.From(stored, patient))], page.NextCursor))
            : RequestErrors.InvalidCursor.ToResult();
    }
}
