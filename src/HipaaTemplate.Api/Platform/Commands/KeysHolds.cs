using System.Globalization;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Erasure;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Commands;

/// <summary>The forms of <c>keys</c> that keep from erasing.</summary>
internal sealed class KeysHolds(OwnerDatabase database, LegalHolds holds)
{
    private const string Tenant = CommandOptions.Tenant;
    private const string Patient = CommandOptions.Patient;
    private const string Case = "--case";

    public static IReadOnlyList<string> Usage { get; } =
    [
        "keys hold --tenant SLUG [--patient ID] --case REFERENCE    a legal hold: a case number, not a name; while it stands nothing is erased, and no month of the audit trail destroyed",
        "keys release --tenant SLUG [--patient ID] --case REFERENCE",
        "keys holds [--tenant SLUG]                                 legal holds that stand",
    ];

    /// <returns>Null when the words are none of its forms.</returns>
    public Func<CancellationToken, Task<int>>? Find(IReadOnlyList<string> arguments) => arguments switch
    {
        ["hold", ..] => ct => HoldAsync(CommandOptions.Read(arguments.Skip(1), Patient, Tenant, Case), isPlaced: true, ct),
        ["release", ..] => ct => HoldAsync(CommandOptions.Read(arguments.Skip(1), Patient, Tenant, Case), isPlaced: false, ct),
        ["holds"] => ct => HoldsAsync(null, ct),
        ["holds", Tenant, var slug] => ct => HoldsAsync(slug, ct),
        _ => null,
    };

    private async Task<int> HoldAsync(IReadOnlyDictionary<string, string> options, bool isPlaced, CancellationToken ct)
    {
        if (!options.TryGetValue(Tenant, out var slug) || !options.TryGetValue(Case, out var reference) || !LegalHolds.IsCaseReference(reference))
        {
            throw new UsageException("A hold needs a tenant and a case number: letters, digits and ._/-, with a digit, at most 100.");
        }

        var patient = CommandOptions.PatientOf(options);
        var tenant = await CommandTenant.FindAsync(database, slug, ct);
        if (!isPlaced)
        {
            await holds.ReleaseAsync(tenant.Id, patient, reference, ct);
        }
        else if (!await holds.PlaceAsync(tenant.Id, patient, reference, ct))
        {
            await Console.Error.WriteLineAsync("The hold stands already.");
        }

        return await HoldsAsync(slug, ct);
    }

    private async Task<int> HoldsAsync(string? slug, CancellationToken ct)
    {
        await using var db = database.CreateContext();
        var tenants = slug is null
            ? await db.Tenants.AsNoTracking().OrderBy(t => t.Slug).ToListAsync(ct)
            : [await CommandTenant.FindAsync(database, slug, ct)];
        foreach (var tenant in tenants)
        {
            foreach (var hold in await holds.StandingAsync(tenant.Id, ct))
            {
                var placed = hold.PlacedAt.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
                await Console.Out.WriteLineAsync($"{tenant.Slug}  {hold.SubjectId?.ToString() ?? "the whole tenant"}  {hold.CaseReference}  since {placed}");
            }
        }

        return ExitCode.Done;
    }
}
