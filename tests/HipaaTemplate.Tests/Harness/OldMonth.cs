using System.Globalization;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Harness;

/// <summary>A month long ago, with partitions, and a writer whose clock stands in it.</summary>
internal sealed class OldMonth
{
    private readonly ApiHost api;
    private readonly ManualTime clock = new();
    private readonly AuditNumbers numbers;

    private OldMonth(ApiHost api, DateOnly first)
    {
        this.api = api;
        First = first;
        clock.Advance(new DateTimeOffset(first.AddDays(9), TimeOnly.MinValue, TimeSpan.Zero) - clock.GetUtcNow());
        numbers = new AuditNumbers(clock, isSerial: true);
    }

    /// <summary>Its first day.</summary>
    public DateOnly First { get; }

    public DateTimeOffset End => LogOf(AuditEntry.Platform).End;

    public string Partition => $"{AuditTables.Events}_{First.ToString("yyyy_MM", CultureInfo.InvariantCulture)}";

    public string Text => LogOf(AuditEntry.Platform).MonthText;

    public AuditLog LogOf(TenantId tenant) => new(tenant, First);

    /// <summary>Of all tables that have partitions.</summary>
    public static async Task<OldMonth> MakeAsync(ApiHost api, int yearsAgo)
    {
        var now = TimeProvider.System.GetUtcNow();
        var month = new OldMonth(api, new DateOnly(now.Year - yearsAgo, now.Month, 1));
        await using var owner = await api.OpenOwnerConnectionAsync();
        foreach (var table in await owner.ColumnAsync<string>(
            $"SELECT c.oid::regclass::text FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid WHERE c.relnamespace = '{AuditTables.Schema}'::regnamespace"))
        {
            var partition = month.Partition.Replace(AuditTables.Events, table, StringComparison.Ordinal);
            await owner.ExecuteAsync($"""
                CREATE TABLE {partition} PARTITION OF {table}
                    FOR VALUES FROM ('{IdOf(month.First)}') TO ('{IdOf(month.First.AddMonths(1))}');
                ALTER TABLE {partition} ENABLE ROW LEVEL SECURITY;
                ALTER TABLE {partition} FORCE ROW LEVEL SECURITY
                """);
        }

        return month;
    }

    public async Task WriteAsync(TenantId tenant, int count)
    {
        for (var i = 0; i < count; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(1));
            using var draft = await DraftAsync(api, tenant);
            await api.Services.GetRequiredService<AuditStore>().AddAsync([AuditStamp.Stamp(draft, numbers)], CancellationToken.None);
        }
    }

    public static async Task<AuditDraft> DraftAsync(ApiHost api, TenantId tenant)
    {
        var facts = new AuditFacts(AuditAction.ReadRecords, AuditOutcome.Success, AuditActor.System("test"));
        if (tenant == AuditEntry.Platform)
        {
            return api.Services.GetRequiredService<PlatformKey>().Draft(facts);
        }

        await using var work = TenantWork.Of(api, tenant);
        return AuditDraft.OfTenant(facts, tenant, await work.Db.Keys!.ActiveAsync(DataClass.General, CancellationToken.None));
    }

    private static string IdOf(DateOnly day) =>
        new Guid(Convert.FromHexString($"{new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeMilliseconds():x12}{new string('0', 20)}"), bigEndian: true).ToString();
}
