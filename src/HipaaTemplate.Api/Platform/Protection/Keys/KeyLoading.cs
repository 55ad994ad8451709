using System.Security.Cryptography;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>Reads a tenant's keys from the database and has the provider unwrap them; makes the first one of a class.</summary>
internal sealed class KeyLoading(
    IDbContextFactory<AppDbContext> contexts, KeyProviders providers, KeyEvents events, IOptions<ServerSettings> server, TimeProvider time)
{
    /// <param name="tenant">Whose keys.</param>
    /// <param name="budgets">Those that outlive a ring, by version; new ones are added.</param>
    /// <param name="generated">A key that was just made, so that the provider need not be asked for it; wiped here.</param>
    /// <param name="attempt">Told when the provider is asked.</param>
    /// <param name="ct">The deadline.</param>
    /// <exception cref="KeyProviderException">The provider did not unwrap one of them.</exception>
    /// <exception cref="AuditUnavailableException">That they are in use cannot be told, so they are not.</exception>
    public async Task<TenantKeyRing> LoadAsync(
        TenantId tenant,
        IDictionary<int, KeyBudget> budgets,
        (int Version, byte[] Plaintext)? generated,
        KeyAttempt attempt,
        CancellationToken ct)
    {
        var began = time.GetUtcNow();
        List<TenantKeyMaterial> versions = [];
        var isUse = false;
        try
        {
            foreach (var stored in await StoredAsync(tenant, ct))
            {
                byte[] plaintext;
                if (generated is { } made && made.Version == stored.Version)
                {
                    plaintext = made.Plaintext;
                }
                else
                {
                    plaintext = await attempt.AskAsync(
                        token => UnwrapAsync(stored, new WrappedKey(stored.ProviderKeyId, stored.Wrapped!), token), ct);
                    isUse = true;
                }

                try
                {
                    if (!budgets.TryGetValue(stored.Version, out var budget))
                    {
                        budgets[stored.Version] = budget = new KeyBudget();
                    }

                    versions.Add(new TenantKeyMaterial(stored, plaintext, budget));
                }
                finally
                {
                    CryptographicOperations.ZeroMemory(plaintext);
                }
            }

            var ring = new TenantKeyRing(tenant, versions, began);
            if (isUse)
            {
                await events.UsedAsync(ring, time.GetUtcNow(), ct);
            }

            return ring;
        }
        catch
        {
            versions.ForEach(material => material.Dispose());
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(generated?.Plaintext);
        }
    }

    /// <summary>Another version of a tenant's key for a class.</summary>
    /// <param name="tenant">Whose key.</param>
    /// <param name="dataClass">For which data.</param>
    /// <param name="delay">
    /// How long until it seals, so that every node knows it by then. Null for the first one of the class, which
    /// nobody has to learn of before.
    /// </param>
    /// <param name="ct">The deadline.</param>
    /// <param name="attempt">Told when the provider is asked.</param>
    /// <returns>Null when somebody else was quicker.</returns>
    public async Task<(int Version, byte[] Plaintext)?> GenerateAsync(
        TenantId tenant, DataClass dataClass, TimeSpan? delay, CancellationToken ct, KeyAttempt? attempt = null)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        db.SetTenant(tenant);
        db.Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
        var known = await db.Set<TenantKey>().AsNoTracking().Where(k => k.TenantId == tenant).ToListAsync(ct);
        var ofClass = known.Where(k => k.Class == dataClass).MaxBy(k => k.Version);
        // One is there already; or a third one would have no columns for its blind indexes. A class that gets a
        // key of its own shares these with the general key, under which its rows are until then.
        var inUse = known.Where(k => k.RetiredAt is null && k.DestroyedAt is null).ToLookup(k => k.Class);
        var shared = delay is null && dataClass != DataClass.General ? inUse[DataClass.General].MaxBy(k => k.Version) : null;
        if (inUse[dataClass].Count() > (delay is null ? 0 : 1) || (shared is not null && inUse[DataClass.General].Count() > 1))
        {
            return null;
        }

        var version = known.Count == 0 ? 1 : known.Max(k => k.Version) + 1;
        var context = ContextOf(tenant, dataClass, version);
        var generated = await (attempt?.AskAsync(token => providers.Current.GenerateAsync(context, token), ct)
            ?? providers.Current.GenerateAsync(context, ct));
        var now = time.GetUtcNow();
        TenantKey made = new()
        {
            Id = Guid.CreateVersion7(now),
            Version = version,
            Class = dataClass,
            Provider = providers.Current.Name,
            ProviderKeyId = generated.Wrapped.KeyId,
            Wrapped = generated.Wrapped.Bytes,
            Commitment = TenantKeyMaterial.CommitmentOf(generated.Plaintext),
            IndexSlot = (short)((ofClass ?? shared) is { } before ? 1 - before.IndexSlot : 0),
            CreatedAt = now,
            ActiveFrom = now + (delay ?? TimeSpan.Zero),
        };
        db.Add(made);
        var isMade = false;
        try
        {
            isMade = await events.TryMakeAsync(db, made, generated.Plaintext, ct);
            return isMade ? (version, generated.Plaintext) : null;
        }
        finally
        {
            if (!isMade)
            {
                CryptographicOperations.ZeroMemory(generated.Plaintext);
            }
        }
    }

    public KeyContext ContextOf(TenantId tenant, DataClass dataClass, int version) =>
        new(server.Value.Environment.ToString().ToLowerInvariant(), tenant, dataClass, version);

    /// <param name="stored">Whose key it has to be.</param>
    /// <param name="wrapped">As it is stored, or as it is to be.</param>
    /// <param name="ct">The deadline.</param>
    /// <returns>The 32 bytes in clear; the caller wipes them.</returns>
    /// <exception cref="KeyProviderException">The provider did not unwrap it, or it is another key.</exception>
    public async Task<byte[]> UnwrapAsync(TenantKey stored, WrappedKey wrapped, CancellationToken ct)
    {
        var plaintext = await providers.Find(stored.Provider).UnwrapAsync(
            wrapped, ContextOf(stored.TenantId, stored.Class, stored.Version), ct);
        if (CryptographicOperations.FixedTimeEquals(TenantKeyMaterial.CommitmentOf(plaintext), stored.Commitment))
        {
            return plaintext;
        }

        CryptographicOperations.ZeroMemory(plaintext);
        throw new KeyProviderException(KeyProviderFault.NotAuthentic, "the key that was unwrapped is not the one that was wrapped");
    }

    private async Task<List<TenantKey>> StoredAsync(TenantId tenant, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        db.SetTenant(tenant);
        return await db.Set<TenantKey>().AsNoTracking()
            // Named once more: whatever the walls do, nobody is handed another tenant's keys.
            .Where(k => k.TenantId == tenant && k.RetiredAt == null && k.DestroyedAt == null)
            .OrderBy(k => k.Version)
            .ToListAsync(ct);
    }
}
