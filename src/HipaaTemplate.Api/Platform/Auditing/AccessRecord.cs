using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;
using Npgsql;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>
/// What one unit of work did with patients' data, and the events that tell it: of changes in their own
/// transaction, of what was only revealed before it is given out.
/// </summary>
internal sealed partial class AccessRecord(
    AuditTrail trail, AuditNumbers numbers, AuditStore store, SealWatch watch, ILogger<AccessRecord> logger)
{
    private readonly HashSet<(int Table, Guid Id)> named = [];
    private readonly HashSet<Guid> concerned = [];
    private readonly List<StampedEntry> unconfirmed = [];
    private readonly List<(AuditAction Action, string Detail)> announced = [];
    private AppDbContext? db;
    private AuditActor? actor;
    private TenantKeyMaterial? material;
    private List<PhiChange> saving = [];
    private List<PhiChange> saved = [];
    private bool isClosed;

    /// <summary>Finds, when it is first needed, who does it: of a request the one that asks, else this process.</summary>
    public Func<CancellationToken, ValueTask<AuditActor>> FindActorAsync { get; set; } =
        _ => ValueTask.FromResult(AuditActor.System("api"));

    /// <summary>What revealing is called here.</summary>
    public AuditAction Reading { get; set; } = AuditAction.ReadRecords;

    /// <summary>The family name of who asks, where it is known and to be compared.</summary>
    public Func<string?> FindFamilyName { get; set; } = () => null;

    /// <summary>
    /// Something besides patients' data that is about to be saved and is an event of its own: it is stored in the
    /// same transaction.
    /// </summary>
    /// <param name="action">What is done.</param>
    /// <param name="detail">Ids and fixed words.</param>
    public void Announce(AuditAction action, string detail) => announced.Add((action, detail));

    public void Attach(AppDbContext context) => db = context;

    /// <summary>The event names this patient too, though no row of theirs was touched: it is about them.</summary>
    public void Concern(Guid patient) => concerned.Add(patient);

    /// <summary>What is about to be saved. Has the key and the actor at hand: the transaction must not wait for them.</summary>
    public async ValueTask SavingAsync(List<PhiChange> changes, CancellationToken ct)
    {
        saving = changes;
        if (changes.Count + announced.Count > 0)
        {
            actor ??= await FindActorAsync(ct);
            material = await db!.Keys!.ActiveAsync(DataClass.General, ct);
        }
    }

    public void Saved()
    {
        saved.AddRange(saving);
        saving = [];
    }

    public void NotSaved() => saving = [];

    /// <summary>The event of all that was saved in this transaction, in it.</summary>
    /// <exception cref="AuditUnavailableException">It cannot be stored, so the transaction must not be either.</exception>
    public async Task CommittingAsync(NpgsqlTransaction transaction, CancellationToken ct)
    {
        NotCommitted();
        // Without anything saved there is nothing that was announced.
        List<AuditFacts> facts = material is null ? [] : [.. announced.Select(one => new AuditFacts(one.Action, AuditOutcome.Success, actor!) { Detail = one.Detail })];
        if (saved.Count + saving.Count > 0)
        {
            facts.Add(PhiChange.FactsOf([.. saved, .. saving], [.. Unnamed()], actor!, FindFamilyName()));
        }

        foreach (var one in facts)
        {
            using var draft = AuditDraft.OfTenant(one, db!.TenantId, material!);
            unconfirmed.Add(AuditStamp.Stamp(draft, numbers));
        }

        if (unconfirmed.Count == 0)
        {
            return;
        }

        try
        {
            await store.AddAsync(transaction.Connection!, transaction, [.. unconfirmed], ct);
        }
        catch (NpgsqlException e)
        {
            throw new AuditUnavailableException(e);
        }
    }

    public void Committed()
    {
        unconfirmed.ForEach(stamped => numbers.Stored(stamped.Entry));
        unconfirmed.ForEach(watch.Stored);
        named.UnionWith(unconfirmed.SelectMany(stamped => stamped.Entry.Records).Select(record => (record.Table, record.Id)));
        unconfirmed.Clear();
        announced.Clear();
        (saved, saving) = ([], []);
    }

    /// <summary>Whether it was or not: nobody saw it.</summary>
    public void NotCommitted()
    {
        unconfirmed.ForEach(stamped => numbers.NotStored(stamped.Entry));
        unconfirmed.Clear();
    }

    public void Started() => saved = [];

    /// <summary>
    /// Stores what was revealed. From then on nothing can be revealed any more: it would be given out without
    /// an event. Once only; whoever comes later finds nothing to do.
    /// </summary>
    /// <param name="always">Also when nothing was revealed.</param>
    /// <param name="ct">Of the request. What is being stored is stored nevertheless.</param>
    /// <exception cref="AuditUnavailableException">It was not stored: nothing may be given out.</exception>
    /// <exception cref="KeysUnavailableException">The MAC's key cannot be had: likewise.</exception>
    public async Task CommitAsync(bool always, CancellationToken ct)
    {
        if (isClosed || db?.Keys is not { } keys)
        {
            return;
        }

        isClosed = true;
        keys.EndRevealing();
        var rows = Unnamed().ToList();
        if (rows.Count == 0 && concerned.Count == 0 && !always)
        {
            return;
        }

        var facts = new AuditFacts(Reading, AuditOutcome.Success, actor ??= await FindActorAsync(ct))
        {
            Patients = [.. rows.Select(row => row.Entity.SubjectId).Union(concerned)],
            Records = [.. rows.Select(AuditedRecord.OfRevealed)],
            Detail = FamilyNames.Compare(FindFamilyName(), rows.Select(row => row.Entity)),
        };
        await trail.WriteAsync(AuditDraft.OfTenant(facts, db.TenantId, await keys.ActiveAsync(DataClass.General, ct)), ct);
    }

    /// <summary>Nothing of what was revealed is given out, so there is nothing to tell.</summary>
    public void Withhold()
    {
        isClosed = true;
        db?.Keys?.EndRevealing();
    }

    /// <summary>Of work that is no request: it has nobody who waits for its event before anything is given out.</summary>
    public async ValueTask EndAsync()
    {
        NotCommitted();
        try
        {
            await CommitAsync(always: false, CancellationToken.None);
        }
        catch (Exception e) when (e is AuditUnavailableException or PhiException or NpgsqlException)
        {
            NotRecorded(logger, e);
        }
    }

    private IEnumerable<PhiRow> Unnamed() =>
        db!.Keys!.Revealed.Where(row => !named.Contains((row.Table.Number, row.Entity.Id)))
            .DistinctBy(row => (row.Table.Number, row.Entity.Id));

    [LoggerMessage(1601, LogLevel.Critical, "SECURITY: what a unit of work revealed is not in the audit trail")]
    private static partial void NotRecorded(ILogger logger, Exception exception);
}
