using System.Globalization;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Export;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Auditing.Sealing.Anchors;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Commands;

/// <summary>The forms of <c>audit</c> that give out what an auditor needs, and the one that seals.</summary>
internal sealed class AuditExports(
    OwnerDatabase database, VerbEvents events, AuditExport export, AuditKeyFile keyFile, Sealer sealer, Anchoring anchoring, AuditAnchors anchors, TimeProvider time)
{
    private const string Tenant = CommandOptions.Tenant;
    private const string Month = "--month";
    private const string Event = "--event";

    /// <summary>Instead of a slug: what happened before a tenant was known.</summary>
    private const string Platform = "platform";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static IReadOnlyList<string> Usage { get; } =
    [
        "audit export --tenant SLUG --month YYYY-MM        a bundle of the month's events, on standard output; SLUG may be platform",
        "audit prove --tenant SLUG --event ID              a proof of one event",
        "audit keys [--tenant SLUG --month YYYY-MM]        the public keys that verify both; with a tenant, secret MAC keys of that month too",
        "audit seal [once]                                 seals each second, for deployments whose API does not",
    ];

    /// <returns>Null when the words are none of its forms.</returns>
    public Func<CancellationToken, Task<int>>? Find(IReadOnlyList<string> arguments) => arguments switch
    {
        ["export", ..] => ct => ExportAsync(CommandOptions.Read(arguments.Skip(1), Tenant, Month), ct),
        ["prove", ..] => ct => ProveAsync(CommandOptions.Read(arguments.Skip(1), Tenant, Event), ct),
        ["keys", ..] => ct => KeysAsync(CommandOptions.Read(arguments.Skip(1), Tenant, Month), ct),
        ["seal"] => SealAsync,
        ["seal", "once"] => SealOnceAsync,
        _ => null,
    };

    private async Task<int> ExportAsync(IReadOnlyDictionary<string, string> options, CancellationToken ct)
    {
        var log = await LogOfAsync(options, ct);
        await export.BundleAsync(
            log, Console.Out, ct, () => events.WriteAsync(log.Tenant, AuditAction.ExportAuditTrail, $"month={log.MonthText}", ct));
        return ExitCode.Done;
    }

    private async Task<int> ProveAsync(IReadOnlyDictionary<string, string> options, CancellationToken ct)
    {
        if (!options.TryGetValue(Tenant, out var slug) || !options.TryGetValue(Event, out var id))
        {
            throw new UsageException("A proof needs a tenant and an event.");
        }

        var (tenant, asked) = (await TenantOfAsync(slug, ct), CommandOptions.ParseId(id));
        return await export.ProofAsync(
            tenant, asked, Console.Out, ct, () => events.WriteAsync(tenant, AuditAction.ExportAuditTrail, $"event={asked}", ct))
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

    private async Task<int> SealOnceAsync(CancellationToken ct)
    {
        int? count;
        try
        {
            count = await sealer.SealAsync(ct);
            await anchors.WriteAsync(ct);
        }
        catch (KeyProviderException e)
        {
            throw new CommandException($"Not sealed: the key service failed ({e.Fault}): {e.Reason}.");
        }
        catch (AnchorPlaceException e)
        {
            throw new CommandException($"Sealed, but not anchored: {e.Message}.");
        }

        await Console.Out.WriteLineAsync(count is null ? "another process is sealing" : $"{count} events sealed");
        return ExitCode.Done;
    }

    private async Task<int> SealAsync(CancellationToken ct)
    {
        // Anchoring never ends; sealing does when it fails, and whoever started the process starts it again.
        await await Task.WhenAny(SealAllAsync(ct), anchoring.RunAsync(ct));
        return ExitCode.Done;
    }

    private async Task SealAllAsync(CancellationToken ct)
    {
        while (true)
        {
            if (await sealer.SealAsync(ct) is not Sealer.MostAtOnce)
            {
                await Task.Delay(Pause, time, ct);
            }
        }
    }

    private async Task<AuditLog> LogOfAsync(IReadOnlyDictionary<string, string> options, CancellationToken ct) =>
        options.TryGetValue(Tenant, out var slug) && options.TryGetValue(Month, out var text)
        && DateOnly.TryParseExact(text, AuditLog.MonthFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var month)
            ? new AuditLog(await TenantOfAsync(slug, ct), month)
            : throw new UsageException("A log is of a tenant and a month, as 2026-11.");

    private async Task<TenantId> TenantOfAsync(string slug, CancellationToken ct) =>
        slug == Platform ? AuditEntry.Platform : (await CommandTenant.FindAsync(database, slug, ct)).Id;
}
