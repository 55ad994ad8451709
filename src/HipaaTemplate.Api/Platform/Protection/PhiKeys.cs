using System.Security.Cryptography;
using HipaaTemplate.Platform.Protection.Ciphers;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Protection;

/// <summary>
/// The keys of one unit of work, from the first query of a tenant's context to its return to the pool, and
/// which rows were revealed in it. After that nothing that was loaded can be opened any more.
/// </summary>
/// <param name="source">Where they come from.</param>
/// <param name="tenant">Whose they are.</param>
/// <param name="atHand">Those that are at hand already, held for this unit of work.</param>
internal sealed class PhiKeys(PhiKeySource source, TenantId tenant, TenantKeyRing? atHand = null) : IDisposable
{
    private readonly KeyMemory memory = new();
    private readonly List<TenantKeyRing> held = atHand is null ? [] : [atHand];
    private readonly HashSet<PhiRow> revealed = [];
    private TenantKeyRing? ring = atHand;
    private KeysUnavailableException? failure;
    private bool isRevealingOver;
    private bool isDisposed;

    public TenantId Tenant => tenant;

    public CipherSuite Suite => source.Suite;

    /// <summary>Rows of which something was revealed: what the audit trail has to name.</summary>
    public IReadOnlyCollection<PhiRow> Revealed => revealed;

    /// <exception cref="KeysUnavailableException">They could not be had when they were last asked for.</exception>
    public TenantKeyRing Ring
    {
        get
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            return ring ?? throw failure ?? new KeysUnavailableException(ProtectionErrors.Unavailable);
        }
    }

    /// <summary>
    /// Has the keys at hand for what a query will bring, because opening a value cannot wait. That they cannot
    /// be had is said when something is opened: a query of other tables must not fail for it.
    /// </summary>
    public ValueTask PrepareAsync(CancellationToken ct) =>
        ring is not null && source.IsFresh(ring) ? ValueTask.CompletedTask : new ValueTask(HoldAsync(ct));

    /// <summary>The key that seals data of this class now.</summary>
    /// <exception cref="KeysUnavailableException">It cannot be had.</exception>
    public async ValueTask<TenantKeyMaterial> ActiveAsync(DataClass dataClass, CancellationToken ct)
    {
        await PrepareAsync(ct);
        var effective = source.Effective(dataClass);
        if (Ring.Active(effective, source.Now) is { } active)
        {
            return active;
        }

        Hold(await source.HoldActiveAsync(tenant, effective, ct));
        return Ring.Active(effective, source.Now) ?? throw new KeysUnavailableException(ProtectionErrors.Unavailable);
    }

    /// <summary>Every version that rows of this class may be under, none of them in another's index columns.</summary>
    public List<TenantKeyMaterial> VersionsOf(DataClass dataClass)
    {
        var effective = source.Effective(dataClass);
        var own = Ring.Versions.Where(material => material.Class == effective).ToList();
        // A class that had no key of its own before has rows under the general one until they are sealed anew.
        return effective != DataClass.General && own.Count <= 1
            ? [.. own, .. Ring.Versions.Where(material => material.Class == DataClass.General && (own.Count == 0 || material.Version < own[0].Version))]
            : own;
    }

    /// <exception cref="KeysUnavailableException">The key has sealed as much as it may.</exception>
    public ValueTask CountAsync(TenantKeyMaterial material, long values, CancellationToken ct) =>
        source.CountAsync(tenant, material, values, ct);

    /// <summary>A patient's new key, wrapped, not stored.</summary>
    public SubjectKey NewSubjectKey(Guid subjectId, TenantKeyMaterial material)
    {
        Span<byte> plaintext = stackalloc byte[SecretKey.Length];
        RandomNumberGenerator.Fill(plaintext);
        var wrapped = Envelope.Seal(
            Suite, material.WrappingKey, material.Version, AddressOf(subjectId), plaintext);
        CryptographicOperations.ZeroMemory(plaintext);
        var now = source.Now;
        return new SubjectKey
        {
            TenantId = tenant,
            Id = Guid.CreateVersion7(now),
            SubjectId = subjectId,
            KeyVersion = material.Version,
            Wrapped = wrapped,
            CreatedAt = now,
        };
    }

    /// <summary>A patient's key in clear, until the unit of work ends.</summary>
    /// <exception cref="PhiErasedException">It is destroyed.</exception>
    /// <exception cref="PhiAuthenticationException">It is another's.</exception>
    public Memory<byte> Unwrap(SubjectKey key, Guid subjectId)
    {
        if (key.Wrapped is null)
        {
            throw new PhiErasedException();
        }

        if (Ring.Find(key.KeyVersion) is not { } material)
        {
            source.Outdate(Ring);
            throw new KeysUnavailableException(ProtectionErrors.Unavailable);
        }

        var place = memory.Next();
        try
        {
            Envelope.Open(key.Wrapped, material.WrappingKey, key.KeyVersion, AddressOf(subjectId), plaintext =>
            {
                plaintext.CopyTo(place.Span);
                return true;
            });
            return place;
        }
        catch (PhiAuthenticationException e)
        {
            Report(e);
            throw;
        }
    }

    /// <exception cref="ObjectDisposedException">The unit of work has ended and the key was wiped.</exception>
    public ReadOnlySpan<byte> Lent(Memory<byte> key)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        return key.Span;
    }

    /// <summary>The tenant's key was destroyed while this node had it at hand: the next unit of work asks for today's.</summary>
    public void Forget() => source.Forget(tenant);

    /// <exception cref="InvalidOperationException">What was revealed is in the audit trail already, without this row.</exception>
    public void MarkRevealed(PhiRow row)
    {
        if (isRevealingOver && !revealed.Contains(row))
        {
            throw new InvalidOperationException("Reveal what a response holds before the handler returns: its event is stored already.");
        }

        revealed.Add(row);
    }

    /// <summary>What was revealed so far is in the audit trail; no further row can be.</summary>
    public void EndRevealing() => isRevealingOver = true;

    public void Report(PhiAuthenticationException exception) => source.Report(exception);

    public void Dispose()
    {
        isDisposed = true;
        ring = null;
        held.ForEach(one => one.Release());
        held.Clear();
        memory.Dispose();
    }

    private async Task HoldAsync(CancellationToken ct)
    {
        try
        {
            Hold(await source.HoldAsync(tenant, ct));
        }
        catch (KeysUnavailableException e)
        {
            ring = null;
            failure = e;
        }
    }

    /// <summary>The one before it is held on to: a key of it may be in use a few lines away.</summary>
    private void Hold(TenantKeyRing newest)
    {
        held.Add(newest);
        ring = newest;
        failure = null;
    }

    /// <summary>Table 0, column 0: no entity has them.</summary>
    private PhiAddress AddressOf(Guid subjectId) => new(tenant, 0, 0, subjectId);
}
