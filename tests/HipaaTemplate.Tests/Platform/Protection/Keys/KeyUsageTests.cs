using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Keys;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Protection.Keys;

/// <summary>How much a key has sealed is known before it seals, and it is replaced long before it is too much.</summary>
internal sealed class KeyUsageTests
{
    private const int ColumnsWritten = 2;

    private KeyStage stage = null!;
    private Clinic clinic = null!;
    private NpgsqlConnection dba = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        stage = await KeyStage.StartAsync();
        dba = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
    }

    [SetUp]
    public async Task OpenClinicAsync() => clinic = await App.NewClinicAsync();

    [TearDown]
    public void EndOutage() => stage.EndOutage();

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await dba.DisposeAsync();
        await stage.DisposeAsync();
    }

    [Test]
    public void The_limits_are_those_of_SP_800_38D() => Assert.Multiple(() =>
    {
        Assert.That(KeyBudget.AlarmAt, Is.EqualTo(1_073_741_824));
        Assert.That(KeyBudget.RotateAt, Is.EqualTo(2_147_483_648));
        Assert.That(KeyBudget.Limit, Is.EqualTo(4_294_967_296));
    });

    [Test]
    public async Task Thirty_two_threads_never_seal_more_than_was_counted()
    {
        var budget = new KeyBudget();
        long counted = 0;
        long taken = 0;
        await Task.WhenAll(Enumerable.Range(1, 32).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                var values = 1 + ((thread + i) % 9);
                if (!budget.TryTake(values))
                {
                    var block = budget.NextBlock(values);
                    Interlocked.Add(ref counted, block);
                    budget.Add(block - values);
                }

                Interlocked.Add(ref taken, values);
            }
        })));

        // What is left can be taken, and not one value more.
        Assert.That(taken, Is.LessThanOrEqualTo(counted));
        Assert.That(budget.TryTake(counted - taken + 1), Is.False);
        Assert.That(budget.TryTake(counted - taken), Is.True);
    }

    [Test]
    public void Blocks_grow_to_65_536_and_hold_what_is_asked_for_at_least()
    {
        var budget = new KeyBudget();
        Assert.That(
            Enumerable.Range(0, 8).Select(_ => budget.NextBlock(1)),
            Is.EqualTo(new[] { 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 65_536 }));
        Assert.That(budget.NextBlock(1_000_000), Is.EqualTo(1_000_000));
        Assert.That(budget.NextBlock(1), Is.EqualTo(65_536));
        Assert.That(new KeyBudget().TryTake(1), Is.False, "nothing is sealed before it is counted");
    }

    [Test]
    public async Task What_is_sealed_was_counted_in_the_database_before()
    {
        const int rows = 600;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, rows / 20), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, ct) =>
            {
                await using var work = TenantWork.Of(stage.Api, clinic.Id);
                for (var i = 0; i < 20; i++)
                {
                    work.Db.Add(new SealedProbe { Code = $"code-{Guid.CreateVersion7():N}", Note = "Lindqvist" });
                }

                await work.Db.SaveChangesAsync(ct);
            });

        Assert.That(await CountedAsync(), Is.GreaterThanOrEqualTo(rows * ColumnsWritten));
        Assert.That(await CountedAsync(), Is.LessThan(8 * 65_536), "and at most a block too many for each that wrote at once");
    }

    [Test]
    public async Task What_is_not_changed_is_not_counted()
    {
        var id = await stage.WriteAsync(clinic.Id);
        var before = await CountedAsync();
        await using var work = TenantWork.Of(stage.Api, clinic.Id);
        var probe = await work.Db.Set<SealedProbe>().SingleAsync(p => p.Id == id);
        for (var i = 0; i < 2_000; i++)
        {
            probe.Label = $"{i}";
            await work.Db.SaveChangesAsync();
        }

        Assert.That(await CountedAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task At_a_quarter_of_the_limit_operators_are_told_and_nothing_else_happens()
    {
        await UseAsync(KeyBudget.AlarmAt);
        await stage.WriteAsync(clinic.Id);

        Assert.That(stage.CountLines(clinic, "Key {KeyVersion} of tenant {TenantId} has sealed"), Is.EqualTo(1));
        Assert.That(await VersionsAsync(), Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public async Task Below_it_nobody_is_told()
    {
        await UseAsync(KeyBudget.AlarmAt / 2);
        await stage.WriteAsync(clinic.Id);
        Assert.That(stage.CountLines(clinic, "Key {KeyVersion} of tenant"), Is.Zero);
    }

    [Test]
    public async Task At_half_of_the_limit_the_next_version_is_made_and_seals_once_every_node_knows_it()
    {
        await UseAsync(KeyBudget.RotateAt);
        var first = await stage.WriteAsync(clinic.Id);
        Assert.That(stage.CountLines(clinic, "Tenant {TenantId} gets key {KeyVersion}"), Is.EqualTo(1));
        Assert.That(await VersionsAsync(), Is.EqualTo(new[] { 1, 2 }));
        Assert.That(await VersionOfAsync(first), Is.EqualTo(1));

        // Many more blocks do not bring a third one: it would have no columns for its indexes.
        for (var i = 0; i < 3; i++)
        {
            await using var another = await KeyStage.StartAsync();
            Assert.That(await VersionOfAsync(await another.WriteAsync(clinic.Id)), Is.EqualTo(1));
        }

        Assert.That(await VersionsAsync(), Is.EqualTo(new[] { 1, 2 }));

        stage.Time.Advance(TimeSpan.FromMinutes(15.5) - TimeSpan.FromSeconds(20));
        Assert.That(await VersionOfAsync(await stage.WriteAsync(clinic.Id)), Is.EqualTo(1), "others may not know it");
        stage.Time.Advance(TimeSpan.FromSeconds(40));
        var second = await stage.WriteAsync(clinic.Id);
        Assert.That(await VersionOfAsync(second), Is.EqualTo(2));
        await stage.ShouldReadAsync(clinic, first);
        await stage.ShouldReadAsync(clinic, second);
    }

    [TestCase("ThrottlingException")]
    [TestCase(KeyStage.Hanging)]
    public async Task A_new_version_that_cannot_be_had_fails_nobodys_write(string how)
    {
        await stage.ReadAsync(clinic, await KeyStage.WriteAsync(App.Api, clinic.Id));
        await UseAsync(KeyBudget.RotateAt);
        stage.BeginOutage(how);

        await stage.WriteAsync(clinic.Id);
        Assert.That(stage.CountLines(clinic, "Tenant {TenantId} needs a new key and gets none"), Is.EqualTo(1));
        Assert.That(await VersionsAsync(), Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public async Task Beyond_the_limit_nothing_is_sealed()
    {
        var id = await KeyStage.WriteAsync(App.Api, clinic.Id);
        await UseAsync(KeyBudget.Limit);

        Assert.That(
            () => stage.WriteAsync(clinic.Id),
            Throws.InstanceOf<KeysUnavailableException>().With.Property(nameof(PhiException.Error)).EqualTo(ProtectionErrors.UsedUp));
        Assert.That(stage.CountLines(clinic, "Key {KeyVersion} of tenant {TenantId} is used up"), Is.EqualTo(1));
        await stage.ShouldReadAsync(clinic, id, "reading costs nothing");
    }

    private Task<int> UseAsync(long values) => dba.CountKeyUseAsync(clinic.Id, values);

    private async Task<long> CountedAsync() =>
        (long)await dba.ScalarAsync<decimal>($"SELECT sum(\"values\") FROM keys.key_uses WHERE tenant_id = '{clinic.Id}'");

    private Task<List<int>> VersionsAsync() => dba.ColumnAsync<int>(
        $"SELECT version FROM keys.tenant_keys WHERE tenant_id = '{clinic.Id}' ORDER BY version");

    /// <summary>Of the key that a row is sealed under, as its envelope says.</summary>
    private async Task<int?> VersionOfAsync(Guid id) =>
        Envelope.KeyVersionOf(await dba.ScalarAsync<byte[]>($"SELECT note FROM app.sealed_probes WHERE id = '{id}'"));
}
