using System.Globalization;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Retention;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Commands;

/// <summary>The forms of <c>audit</c> that archive months and destroy those whose time is over.</summary>
internal sealed class AuditRetention(
    OwnerDatabase database, ArchiveStore store, AuditArchive archive, AuditRemoval removal, IOptions<RetentionSettings> settings)
{
    private const string Tenant = CommandOptions.Tenant;
    private const string Years = "--years";

    public static IReadOnlyList<string> Usage { get; } =
    [
        "audit archive                                     writes months that have ended to AUDIT_ARCHIVE_DIRECTORY, and verifies them; exit 2 when one there was changed. Once a day",
        "audit retire [--dry-run]                          destroys months whose time is over, that are archived and that no legal hold keeps (keys hold). Once a month",
        "audit retention [--tenant SLUG --years N]         how long months are kept: shows it, or sets it for a tenant (6 to 100; SLUG may be platform)",
    ];

    /// <returns>Null when the words are none of its forms.</returns>
    public Func<CancellationToken, Task<int>>? Find(IReadOnlyList<string> arguments) => arguments switch
    {
        ["archive"] => ArchiveAsync,
        ["retire"] => ct => RetireAsync(isDry: false, ct),
        ["retire", "--dry-run"] => ct => RetireAsync(isDry: true, ct),
        ["retention"] => ShowAsync,
        ["retention", ..] => ct => SetAsync(CommandOptions.Read(arguments.Skip(1), Tenant, Years), ct),
        _ => null,
    };

    private async Task<int> ArchiveAsync(CancellationToken ct)
    {
        _ = archive.Place;
        return await ForEachAsync(
            await archive.OpenAsync(ct),
            async log => await archive.AddAsync(log, ct) switch
            {
                ArchiveOutcome.Archived => ("archived", ExitCode.Done),
                ArchiveOutcome.NotSealed => ("not sealed yet: another time", ExitCode.Done),
                _ => ("at its place is something else, or it does not verify", ExitCode.Tampered),
            },
            ct);
    }

    private async Task<int> RetireAsync(bool isDry, CancellationToken ct)
    {
        _ = archive.Place;
        var result = await ForEachAsync(
            await removal.DueAsync(ct),
            async log => await removal.DestroyAsync(log, isDry, ct) switch
            {
                RemovalOutcome.Destroyed => (isDry ? "would be destroyed" : "destroyed", ExitCode.Done),
                RemovalOutcome.Held => ("kept: a legal hold stands", ExitCode.Done),
                RemovalOutcome.NotArchived => ("kept: it is not archived (audit archive)", ExitCode.Failed),
                RemovalOutcome.Grown => ("kept: events came since it was archived", ExitCode.Failed),
                _ => ("KEPT: ITS ARCHIVE IS MISSING OR WAS CHANGED", ExitCode.Tampered),
            },
            ct);
        if (!isDry && !await removal.CompleteAsync(ct))
        {
            await Console.Error.WriteLineAsync("A partition with nothing left to keep is in use; the next run drops it.");
        }

        return result;
    }

    /// <summary>One that fails does not keep the others from their turn.</summary>
    private async Task<int> ForEachAsync(List<KeptLog> logs, Func<KeptLog, Task<(string Text, int Code)>> work, CancellationToken ct)
    {
        var names = await NamesAsync(ct);
        var worst = ExitCode.Done;
        foreach (var log in logs)
        {
            var (text, code) = await TryAsync(log, work);
            worst = Math.Max(worst, code);
            await (code == ExitCode.Done ? Console.Out : Console.Error).WriteLineAsync(
                $"{NameOf(log.Log.Tenant, names)} {log.Log.MonthText}, {log.Size} events: {text}");
        }

        return worst;
    }

    private static async Task<(string Text, int Code)> TryAsync(KeptLog log, Func<KeptLog, Task<(string Text, int Code)>> work)
    {
        try
        {
            return await work(log);
        }
        catch (KeysUnavailableException e)
        {
            return ($"its event cannot be written: {e.Error.Title}", ExitCode.Failed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ($"the place of archives fails: {e.Message}", ExitCode.Failed);
        }
    }

    private async Task<int> ShowAsync(CancellationToken ct)
    {
        var names = await NamesAsync(ct);
        await Console.Out.WriteLineAsync($"{settings.Value.Years} years");
        foreach (var (tenant, years) in await store.YearsAsync(ct))
        {
            await Console.Out.WriteLineAsync($"{NameOf(tenant, names)}  {years} years");
        }

        return ExitCode.Done;
    }

    private async Task<int> SetAsync(IReadOnlyDictionary<string, string> options, CancellationToken ct)
    {
        if (!options.TryGetValue(Tenant, out var slug) || !options.TryGetValue(Years, out var text)
            || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var years) || !RetentionSettings.IsTerm(years))
        {
            throw new UsageException(
                $"A term is of a tenant and of {RetentionSettings.FewestYears} to {RetentionSettings.MostYears} years: 45 CFR 164.316(b)(2)(i) asks for six.");
        }

        await removal.SetYearsAsync(await CommandTenant.FindLogAsync(database, slug, ct), years, ct);
        return await ShowAsync(ct);
    }

    private async Task<Dictionary<TenantId, string>> NamesAsync(CancellationToken ct)
    {
        await using var db = database.CreateContext();
        return await db.Tenants.AsNoTracking().ToDictionaryAsync(tenant => tenant.Id, tenant => tenant.Slug, ct);
    }

    private static string NameOf(TenantId tenant, Dictionary<TenantId, string> names) =>
        tenant == AuditEntry.Platform ? CommandTenant.Platform : names.GetValueOrDefault(tenant) ?? tenant.ToString();
}
