using System.Globalization;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Rotation;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Commands;

/// <summary>The forms of <c>keys</c> that look after the tenants' keys. Each may be stopped anywhere and run again.</summary>
internal sealed class KeysUpkeep(OwnerDatabase database, VerbEvents events, IServiceProvider services, TimeProvider time)
{
    private const string TenantOption = "--tenant";

    public static IReadOnlyList<string> Usage { get; } =
    [
        "keys status [--tenant SLUG]   every version of a tenant's key: state, provider, rows under it, values sealed",
        "keys rotate --tenant SLUG     a new key, everything sealed anew under it, the former one retired; waits until every instance knows it, and goes on where it was stopped",
        "keys reseal [--tenant SLUG]   seals what is under a former key anew without waiting, retires it when it is time, destroys keys older than the backups",
        "keys rewrap [--tenant SLUG]   wraps the tenants' keys with the provider's key of today (KEY_ID, newest version)",
    ];

    // Not in the constructor: it needs settings, which --help must not.
    private KeyRotation Rotation => services.GetRequiredService<KeyRotation>();

    private Resealing Resealing => services.GetRequiredService<Resealing>();

    /// <returns>Null when the words are none of its forms.</returns>
    public Func<CancellationToken, Task<int>>? Find(IReadOnlyList<string> arguments) => arguments switch
    {
        ["status"] => ct => ForEachAsync(null, StatusAsync, ct),
        ["status", TenantOption, var slug] => ct => ForEachAsync(slug, StatusAsync, ct),
        ["rotate", TenantOption, var slug] => ct => ForEachAsync(slug, RotateAsync, ct),
        ["reseal"] => ct => ForEachAsync(null, ResealAsync, ct),
        ["reseal", TenantOption, var slug] => ct => ForEachAsync(slug, ResealAsync, ct),
        ["rewrap"] => ct => ForEachAsync(null, RewrapAsync, ct),
        ["rewrap", TenantOption, var slug] => ct => ForEachAsync(slug, RewrapAsync, ct),
        _ => null,
    };

    /// <summary>One tenant that fails does not keep the others from their turn.</summary>
    private async Task<int> ForEachAsync(string? slug, Func<Tenant, CancellationToken, Task<bool>> work, CancellationToken ct)
    {
        var done = true;
        foreach (var tenant in await TenantsAsync(slug, ct))
        {
            try
            {
                done &= await work(tenant, ct);
            }
            catch (KeyProviderException e)
            {
                await Console.Error.WriteLineAsync($"{tenant.Slug}: the key service failed ({e.Fault}): {e.Reason}");
                done = false;
            }
            catch (UnknownRowsException)
            {
                await Console.Error.WriteLineAsync(
                    $"{tenant.Slug}: rows of a table that this build does not know are under a former version, so it stays; a build with that table has to reseal them, or a migration drops it");
                done = false;
            }
            catch (KeysUnavailableException e)
            {
                await Console.Error.WriteLineAsync($"{tenant.Slug}: {e.Error.Title}");
                done = false;
            }
        }

        return done ? ExitCode.Done : ExitCode.Failed;
    }

    private async Task<List<Tenant>> TenantsAsync(string? slug, CancellationToken ct)
    {
        await using var db = database.CreateContext();
        var tenants = await db.Tenants.AsNoTracking().Where(t => slug == null || t.Slug == slug).OrderBy(t => t.Slug).ToListAsync(ct);
        return slug is null || tenants.Count > 0
            ? tenants
            : throw new CommandException("There is no tenant with this slug; see tenants list.");
    }

    private async Task<bool> StatusAsync(Tenant tenant, CancellationToken ct)
    {
        var keys = await Rotation.KeysOfAsync(tenant.Id, ct);
        var rows = await Resealing.CountAsync(tenant.Id, ct);
        var uses = await Rotation.UsesOfAsync(tenant.Id, ct);
        foreach (var key in keys)
        {
            var state = key switch
            {
                { DestroyedAt: not null } => "destroyed",
                { RetiredAt: not null } => "retired",
                _ when key.ActiveFrom > time.GetUtcNow() => "next",
                _ when keys.Exists(later => later.Class == key.Class && later.Version > key.Version && later.ActiveFrom <= time.GetUtcNow()) => "former",
                _ => "seals",
            };
            await Console.Out.WriteLineAsync(
                $"{tenant.Slug}  version {key.Version}  {key.Class.ToString().ToLowerInvariant()}  {state,-9}  {key.Provider} {key.ProviderKeyId}  "
                + $"made {Text(key.CreatedAt)}  rows {rows.GetValueOrDefault(key.Version)}  values {uses.GetValueOrDefault(key.Version)}");
        }

        return true;
    }

    private async Task<bool> RotateAsync(Tenant tenant, CancellationToken ct)
    {
        await events.WriteAsync(tenant.Id, AuditAction.RotateKeys, detail: null, ct);
        // First what an earlier change left: a new version has no columns for the indexes of a third one.
        if (!await ResealAsync(tenant, ct))
        {
            return false;
        }

        var begun = await Rotation.BeginAsync(tenant.Id, ct);
        await Console.Out.WriteLineAsync(begun.Count > 0
            ? $"{tenant.Slug}: made version {string.Join(", ", begun)}"
            : $"{tenant.Slug}: a rotation is under way, or there is no key yet");
        await WaitAsync(tenant, await Rotation.SealsFromAsync(tenant.Id, ct), "every instance knows the new version", ct);
        await ResealAsync(tenant, ct);
        await WaitAsync(tenant, await Rotation.SettledFromAsync(tenant.Id, ct), "no instance can be using the former version", ct);
        var isDone = await ResealAsync(tenant, ct) && await Rotation.SettledFromAsync(tenant.Id, ct) is null;
        await WaitAsync(tenant, await Rotation.ClearsFromAsync(tenant.Id, ct), "no instance writes hashes under the former version", ct);
        await Rotation.ClearAsync(tenant.Id, ct);
        return isDone;
    }

    private async Task<bool> ResealAsync(Tenant tenant, CancellationToken ct)
    {
        if ((await Rotation.KeysOfAsync(tenant.Id, ct)).TrueForAll(key => key.DestroyedAt is not null))
        {
            return true;
        }

        var result = await Resealing.ResealAsync(tenant.Id, ct);
        await Console.Out.WriteLineAsync($"{tenant.Slug}: sealed {result.Sealed} rows anew, {result.Left} left");
        if (result.Refused > 0)
        {
            await Console.Error.WriteLineAsync($"{tenant.Slug}: {result.Refused} rows do not open and stay under the former version; see the security events in the log");
        }

        foreach (var version in await Rotation.RetireAsync(tenant.Id, ct))
        {
            await Console.Out.WriteLineAsync($"{tenant.Slug}: retired version {version}");
        }

        if (await Rotation.DestroyAsync(tenant.Id, ct) is var destroyed and > 0)
        {
            await Console.Out.WriteLineAsync($"{tenant.Slug}: destroyed {destroyed} versions that no backup needs any more");
        }

        return result.Left == 0;
    }

    private async Task<bool> RewrapAsync(Tenant tenant, CancellationToken ct)
    {
        await Console.Out.WriteLineAsync($"{tenant.Slug}: wrapped {await Rotation.RewrapAsync(tenant.Id, ct)} keys anew");
        return true;
    }

    private async Task WaitAsync(Tenant tenant, DateTimeOffset? until, string why, CancellationToken ct)
    {
        if (until is { } moment && moment > time.GetUtcNow())
        {
            await Console.Out.WriteLineAsync($"{tenant.Slug}: waiting until {Text(moment)}, when {why}");
            await Task.Delay(moment - time.GetUtcNow(), time, ct);
        }
    }

    private static string Text(DateTimeOffset moment) => moment.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
