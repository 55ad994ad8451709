using System.Globalization;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Export;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Commands;

/// <summary>The forms of <c>audit</c> that give out what an auditor needs: each leaves its event before it gives anything.</summary>
internal sealed class AuditExports(
    OwnerDatabase database,
    VerbEvents events,
    AuditExport export,
    FhirExport fhir,
    DisclosureExport disclosures,
    AuditKeyFile keyFile,
    ArchiveStore archives,
    TimeProvider time)
{
    private const string Tenant = CommandOptions.Tenant;
    private const string Month = "--month";
    private const string Event = "--event";
    private const string Format = "--format";
    private const string From = "--from";
    private const string To = "--to";

    public static IReadOnlyList<string> Usage { get; } =
    [
        "audit export --tenant SLUG --month YYYY-MM        a bundle of the month's events, on standard output; SLUG may be platform",
        "audit export --format fhir --tenant SLUG --month YYYY-MM    the same events as FHIR R4 AuditEvent, one a line",
        "audit export --format csv --tenant SLUG --patient ID [--from YYYY-MM] [--to YYYY-MM]    for an accounting of disclosures; the last six years",
        "audit prove --tenant SLUG --event ID              a proof of one event",
        "audit keys [--tenant SLUG --month YYYY-MM]        the public keys that verify both; with a tenant, secret MAC keys of that month too",
    ];

    /// <returns>Null when the words are none of its forms.</returns>
    public Func<CancellationToken, Task<int>>? Find(IReadOnlyList<string> arguments) => arguments switch
    {
        ["export", ..] => Export(CommandOptions.Read(arguments.Skip(1), Format, Tenant, Month, CommandOptions.Patient, From, To)),
        ["prove", ..] => ct => ProveAsync(CommandOptions.Read(arguments.Skip(1), Tenant, Event), ct),
        ["keys", ..] => ct => KeysAsync(CommandOptions.Read(arguments.Skip(1), Tenant, Month), ct),
        _ => null,
    };

    private Func<CancellationToken, Task<int>> Export(IReadOnlyDictionary<string, string> options)
    {
        var format = options.GetValueOrDefault(Format, "ndjson");
        RefuseOthers(options, format == "csv" ? [Format, Tenant, CommandOptions.Patient, From, To] : [Format, Tenant, Month]);
        return format switch
        {
            "ndjson" => ct => BundleAsync(options, ct),
            "fhir" => ct => FhirAsync(options, ct),
            "csv" => ct => DisclosuresAsync(options, ct),
            _ => throw new UsageException("Formats are ndjson, fhir and csv."),
        };
    }

    private async Task<int> BundleAsync(IReadOnlyDictionary<string, string> options, CancellationToken ct)
    {
        var log = await LogOfAsync(options, ct);
        await RefuseDestroyedAsync(log, ct);
        await export.BundleAsync(log, Console.Out, ct, () => TellAsync(log.Tenant, $"month={log.MonthText}", ct));
        return ExitCode.Done;
    }

    private async Task<int> FhirAsync(IReadOnlyDictionary<string, string> options, CancellationToken ct)
    {
        var log = await LogOfAsync(options, ct);
        await RefuseDestroyedAsync(log, ct);
        try
        {
            await fhir.WriteAsync(log, Console.Out, () => TellAsync(log.Tenant, $"month={log.MonthText} format=fhir", ct), ct);
            return ExitCode.Done;
        }
        catch (NotSupportedException e)
        {
            throw new CommandException(e.Message);
        }
    }

    private async Task<int> DisclosuresAsync(IReadOnlyDictionary<string, string> options, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var thisMonth = new DateOnly(now.Year, now.Month, 1);
        var to = MonthOf(options, To, thisMonth).AddMonths(1);
        var from = MonthOf(options, From, to.AddYears(-DisclosureExport.Years).AddMonths(-1));
        if (!options.TryGetValue(Tenant, out var slug) || CommandOptions.PatientOf(options) is not { } patient || from >= to)
        {
            throw new UsageException("An accounting is of a tenant and a patient, from a month to one that is not before it.");
        }

        var tenant = (await CommandTenant.FindAsync(database, slug, ct)).Id;
        await disclosures.WriteAsync(
            tenant, patient, BeginOf(from), BeginOf(to), Console.Out, () => TellAsync(tenant, $"patient={patient} format=csv", ct), ct);
        return ExitCode.Done;
    }

    private async Task<int> ProveAsync(IReadOnlyDictionary<string, string> options, CancellationToken ct)
    {
        if (!options.TryGetValue(Tenant, out var slug) || !options.TryGetValue(Event, out var id))
        {
            throw new UsageException("A proof needs a tenant and an event.");
        }

        var (tenant, asked) = (await TenantOfAsync(slug, ct), CommandOptions.ParseId(id));
        if (AuditLog.Of(tenant, asked) is { } log)
        {
            await RefuseDestroyedAsync(log, ct);
        }

        return await export.ProofAsync(tenant, asked, Console.Out, ct, () => TellAsync(tenant, $"event={asked}", ct))
            ? ExitCode.Done
            : throw new CommandException("There is no such event of this tenant, or it is not sealed yet.");
    }

    private async Task<int> KeysAsync(IReadOnlyDictionary<string, string> options, CancellationToken ct)
    {
        AuditLog? log = options.Count == 0 ? null : await LogOfAsync(options, ct);
        if (log is { } month)
        {
            await events.WriteAsync(month.Tenant, AuditAction.ExportAuditKeys, $"month={month.MonthText}", ct);
        }

        await keyFile.WriteAsync(log, Console.Out, ct);
        return ExitCode.Done;
    }

    private Task TellAsync(TenantId tenant, string what, CancellationToken ct) =>
        events.WriteAsync(tenant, AuditAction.ExportAuditTrail, what, ct);

    /// <exception cref="CommandException">It was destroyed.</exception>
    private async Task RefuseDestroyedAsync(AuditLog log, CancellationToken ct)
    {
        if (await archives.FindDestroyedAsync(log, ct) is { } destroyed)
        {
            throw new CommandException(string.Create(
                CultureInfo.InvariantCulture,
                $"The {destroyed.Size} events of {log.MonthText} were destroyed at {destroyed.At:yyyy-MM-dd'T'HH:mm:ss'Z'}, because their time was over. Their archive is {destroyed.Archive.Name}, SHA-256 {Convert.ToHexStringLower(destroyed.Archive.Sha256)}; their root was {Convert.ToBase64String(destroyed.Root)}."));
        }
    }

    private static void RefuseOthers(IReadOnlyDictionary<string, string> options, string[] known)
    {
        if (options.Keys.Except(known).Any())
        {
            throw new UsageException($"With this format options are {string.Join(", ", known)}.");
        }
    }

    private static DateOnly MonthOf(IReadOnlyDictionary<string, string> options, string name, DateOnly standard) =>
        !options.TryGetValue(name, out var text) ? standard : ParseMonth(text) ?? throw new UsageException("A month is written as 2026-11.");

    private static DateOnly? ParseMonth(string text) =>
        DateOnly.TryParseExact(text, AuditLog.MonthFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var month) ? month : null;

    private static DateTimeOffset BeginOf(DateOnly month) => new(month.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    private async Task<AuditLog> LogOfAsync(IReadOnlyDictionary<string, string> options, CancellationToken ct) =>
        options.TryGetValue(Tenant, out var slug) && options.TryGetValue(Month, out var text) && ParseMonth(text) is { } month
            ? new AuditLog(await TenantOfAsync(slug, ct), month)
            : throw new UsageException("A log is of a tenant and a month, as 2026-11.");

    private Task<TenantId> TenantOfAsync(string slug, CancellationToken ct) => CommandTenant.FindLogAsync(database, slug, ct);
}
