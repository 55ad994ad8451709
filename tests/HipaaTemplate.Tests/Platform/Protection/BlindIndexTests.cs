using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Search;
using HipaaTemplate.Tests.Platform.Protection.Golden;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>A blind index finds a value for whoever has the tenant's key, and says as little as it can to everybody else.</summary>
internal sealed class BlindIndexTests
{
    private static readonly BlindIndex Code = PhiTable.Of(typeof(SealedProbe)).Indexes[0];
    private static readonly BlindIndex NoteAndDay = PhiTable.Of(typeof(SealedProbe)).Indexes[1];

    private readonly TenantKeyMaterial tenant = Material(1);
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public async Task OpenClinicAsync() => clinic = await App.NewClinicAsync();

    [OneTimeTearDown]
    public void Wipe() => tenant.Dispose();

    [Test]
    public void The_same_value_has_one_hash_in_a_tenant_and_another_in_another_and_under_another_version()
    {
        using var other = Material(2);
        var hash = Code.Of(tenant, ["A-1"]);
        Assert.That(hash, Has.Length.EqualTo(16));
        Assert.That(Code.Of(tenant, ["A-1"]), Is.EqualTo(hash));
        Assert.That(Code.Of(tenant, ["A-2"]), Is.Not.EqualTo(hash));
        Assert.That(Code.Of(other, ["A-1"]), Is.Not.EqualTo(hash));
    }

    [Test]
    public void The_same_value_has_another_hash_in_another_table_index_column_or_by_another_rule()
    {
        Type[] tables = [typeof(One), typeof(OtherTable), typeof(OtherIndex), typeof(OtherColumn), typeof(OtherRule)];
        var hashes = tables.Select(table => Convert.ToHexString(PhiTable.Of(table).Indexes[0].Of(tenant, ["A-1"])!));
        Assert.That(hashes, Is.Unique);
    }

    [Test]
    public void Values_of_a_compound_index_do_not_run_into_each_other()
    {
        var index = PhiTable.Of(typeof(Pair)).Indexes[0];
        var hashes = new (string, string)[] { ("AB", "C"), ("A", "BC"), ("BC", "A"), ("C", "AB"), ("ABC", "ABC") }
            .Select(pair => Convert.ToHexString(index.Of(tenant, [pair.Item1, pair.Item2])!));
        Assert.That(hashes, Is.Unique);
    }

    [TestCase(typeof(Pair), 12, 2)]
    [TestCase(typeof(ThirtyTwo), 32, 4)]
    [TestCase(typeof(One), 128, 16)]
    public void It_has_as_many_bits_as_declared_and_the_rest_of_the_last_byte_is_zero(Type table, int bits, int bytes)
    {
        var index = PhiTable.Of(table).Indexes[0];
        var seen = new byte[bytes];
        for (var i = 0; i < 1_000; i++)
        {
            var hash = index.Of(tenant, [.. index.Columns.Select(_ => $"value {i}")])!;
            Assert.That(hash, Has.Length.EqualTo(bytes));
            for (var at = 0; at < bytes; at++)
            {
                seen[at] |= hash[at];
            }
        }

        Assert.That(seen[..^1], Has.All.EqualTo(0xff));
        Assert.That(seen[^1], Is.EqualTo(bits % 8 == 0 ? 0xff : 0xf0), "all of its own bits occur, and no other");
    }

    [Test]
    public void A_compound_of_twelve_bits_is_shared_by_many_values()
    {
        var index = PhiTable.Of(typeof(Pair)).Indexes[0];
        var hashes = Enumerable.Range(0, 20_000).Select(i => Convert.ToHexString(index.Of(tenant, [$"NAME {i}", "1980-02-29"])!)).ToList();
        Assert.That(hashes.Distinct().Count(), Is.InRange(3_900, 4_096));
        Assert.That(hashes.GroupBy(hash => hash).Max(group => group.Count()), Is.LessThan(30));
    }

    [Test]
    public void Without_one_of_its_values_there_is_none()
    {
        Assert.That(NoteAndDay.Of(tenant, new SealedProbe { Code = "c", Note = "Lindqvist" }), Is.Null);
        Assert.That(NoteAndDay.Of(tenant, new SealedProbe { Code = "c", Day = new DateOnly(1980, 2, 29) }), Is.Null);
        Assert.That(NoteAndDay.Of(tenant, new SealedProbe { Code = "c", Note = " ", Day = new DateOnly(1980, 2, 29) }), Is.Null);
        Assert.That(Code.Of(tenant, [""]), Is.Null);
        Assert.That(NoteAndDay.Of(tenant, new SealedProbe { Code = "c", Note = "L", Day = new DateOnly(1980, 2, 29) }), Has.Length.EqualTo(2));
    }

    [Test]
    public void What_is_looked_for_is_written_as_what_is_stored()
    {
        SealedProbe probe = new() { Code = "c", Note = "  Zo\u00eb Lindqvist ", Day = new DateOnly(1980, 2, 29) };
        var wanted = NoteAndDay.Normalise(["zoe  LINDQVIST", "1980-02-29"]);
        Assert.That(NoteAndDay.Of(tenant, wanted), Is.EqualTo(NoteAndDay.Of(tenant, probe)));
        Assert.That(NoteAndDay.Matches(probe, wanted), Is.True);
        Assert.That(NoteAndDay.Matches(probe, NoteAndDay.Normalise(["zoe", "1980-02-29"])), Is.False);
        Assert.That(NoteAndDay.Matches(new SealedProbe { Code = "c", Note = "Zoe Lindqvist" }, wanted), Is.False);
    }

    /// <summary>Why a hash of an identifier is no protection, and a keyed one is: all numbers are tried in no time.</summary>
    [Test]
    public void A_plain_hash_of_a_number_is_guessed_by_trying_and_a_blind_index_is_not()
    {
        const int numbers = 1_000_000;
        var secret = RandomNumberGenerator.GetInt32(numbers).ToString("D6", System.Globalization.CultureInfo.InvariantCulture);
        var number = $"555{secret}";
        var plain = SHA256.HashData(Encoding.ASCII.GetBytes(number));
        var index = PhiTable.Of(typeof(One)).Indexes[0];
        var blind = index.Of(tenant, [number])!;

        var clock = Stopwatch.StartNew();
        Assert.That(Guess(plain, guess => SHA256.HashData(guess)), Is.EqualTo(number));
        TestContext.Progress.WriteLine($"A number of six unknown digits was guessed from its SHA-256 in {clock.Elapsed.TotalSeconds:F1} s.");

        var wrongKey = RandomNumberGenerator.GetBytes(SecretKey.Length);
        Assert.That(Guess(blind, guess => SHA256.HashData(guess)[..16]), Is.Null);
        Assert.That(Guess(blind, guess => HMACSHA256.HashData(wrongKey, guess)[..16]), Is.Null);
        // And with the key it is: the key is the secret, not the hash (docs/explanation/encryption.md).
        Assert.That(index.Of(tenant, [number]), Is.EqualTo(blind));

        static string? Guess(byte[] wanted, Func<byte[], byte[]> hash)
        {
            for (var i = 0; i < numbers; i++)
            {
                var guess = Encoding.ASCII.GetBytes($"555{i:D6}");
                if (hash(guess).AsSpan().SequenceEqual(wanted))
                {
                    return Encoding.ASCII.GetString(guess);
                }
            }

            return null;
        }
    }

    [Test]
    public async Task Its_columns_follow_the_values()
    {
        SealedProbe probe = new() { Code = NewCode(), Note = "Lindqvist", Day = new DateOnly(1980, 2, 29) };
        await SaveAsync(db => db.Add(probe));
        var first = await StoredAsync(probe.Id);
        Assert.That(first.Code, Has.Length.EqualTo(16));
        Assert.That(first.NoteDay, Has.Length.EqualTo(2));
        Assert.That(await StoredAsync(probe.Id, 'b'), Is.EqualTo((default(byte[]), default(byte[]))), "no second key, no second column");

        await ChangeAsync(probe.Id, p => p.Label = "another");
        await ChangeAsync(probe.Id, p => p.Note = " LINDQVIST ");
        Assert.That((await StoredAsync(probe.Id)).NoteDay, Is.EqualTo(first.NoteDay), "the same name for a search");
        // Each is the same as the first one once in 4,096 times; all of them never.
        List<byte[]?> changes = [];
        foreach (var day in Enumerable.Range(1, 6))
        {
            await ChangeAsync(probe.Id, p => p.Day = new DateOnly(1980, 3, day));
            changes.Add((await StoredAsync(probe.Id)).NoteDay);
        }

        var changed = await StoredAsync(probe.Id);
        Assert.That(changes, Has.All.Length.EqualTo(2).And.Some.Not.EqualTo(first.NoteDay));
        Assert.That(changed.Code, Is.EqualTo(first.Code));

        await ChangeAsync(probe.Id, p => p.Note = null);
        Assert.That((await StoredAsync(probe.Id)).NoteDay, Is.Null);
        await ChangeAsync(probe.Id, p => p.Note = "Lindqvist");
        Assert.That((await StoredAsync(probe.Id)).NoteDay, Is.EqualTo(changed.NoteDay));
        await ChangeAsync(probe.Id, p => p.Code = NewCode());
        Assert.That((await StoredAsync(probe.Id)).Code, Is.Not.EqualTo(first.Code));
    }

    [Test]
    public async Task The_same_value_in_two_tenants_is_stored_with_two_hashes_and_twice_in_one_is_refused()
    {
        var code = NewCode();
        SealedProbe here = new() { Code = code };
        SealedProbe there = new() { Code = code };
        var other = await App.NewClinicAsync();
        await SaveAsync(db => db.Add(here));
        await using (var work = TenantWork.Of(App.Api, other.Id))
        {
            work.Db.Add(there);
            await work.Db.SaveChangesAsync();
        }

        Assert.That((await StoredAsync(here.Id)).Code, Is.Not.EqualTo((await StoredAsync(there.Id)).Code));
        Assert.That(
            () => SaveAsync(db => db.Add(new SealedProbe { Code = $" {code.ToUpperInvariant()}" })),
            Throws.InstanceOf<DbUpdateException>().With.InnerException.Property(nameof(PostgresException.SqlState))
                .EqualTo(PostgresErrorCodes.UniqueViolation));
    }

    private static string NewCode() => $"code-{Guid.CreateVersion7():N}";

    /// <summary>A tenant's key, a different one for each number.</summary>
    private static TenantKeyMaterial Material(byte number) =>
        GoldenKeys.Material(number, Enumerable.Repeat(number, SecretKey.Length).ToArray());

    private async Task SaveAsync(Action<HipaaTemplate.Platform.Database.AppDbContext> change)
    {
        await using var work = TenantWork.Of(App.Api, clinic.Id);
        change(work.Db);
        await work.Db.SaveChangesAsync();
    }

    private async Task ChangeAsync(Guid id, Action<SealedProbe> change)
    {
        await using var work = TenantWork.Of(App.Api, clinic.Id);
        change(await work.Db.Set<SealedProbe>().SingleAsync(p => p.Id == id));
        await work.Db.SaveChangesAsync();
    }

    private static async Task<(byte[]? Code, byte[]? NoteDay)> StoredAsync(Guid id, char slot = 'a')
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
        await using var command = new NpgsqlCommand(
            $"SELECT code_index_{slot}, note_day_index_{slot} FROM app.sealed_probes WHERE id = '{id}'", dba);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.IsDBNull(0) ? null : (byte[])reader[0], reader.IsDBNull(1) ? null : (byte[])reader[1]);
    }

    [PhiTable(1)]
    [BlindIndex(1, nameof(Text), Bits = BlindIndexAttribute.Whole, DistinctValues = 1_000_000, IsUnique = true)]
    private sealed class One : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Identifier)]
        public Phi<string>? Text { get; set; }
    }

    [PhiTable(2)]
    [BlindIndex(1, nameof(Text), Bits = BlindIndexAttribute.Whole, DistinctValues = 1_000_000, IsUnique = true)]
    private sealed class OtherTable : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Identifier)]
        public Phi<string>? Text { get; set; }
    }

    [PhiTable(1)]
    [BlindIndex(2, nameof(Text), Bits = BlindIndexAttribute.Whole, DistinctValues = 1_000_000, IsUnique = true)]
    private sealed class OtherIndex : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Identifier)]
        public Phi<string>? Text { get; set; }
    }

    [PhiTable(1)]
    [BlindIndex(1, nameof(Text), Bits = BlindIndexAttribute.Whole, DistinctValues = 1_000_000, IsUnique = true)]
    private sealed class OtherColumn : PhiEntity
    {
        [PhiColumn(2, Normaliser = Normaliser.Identifier)]
        public Phi<string>? Text { get; set; }
    }

    [PhiTable(1)]
    [BlindIndex(1, nameof(Text), Bits = BlindIndexAttribute.Whole, DistinctValues = 1_000_000, IsUnique = true)]
    private sealed class OtherRule : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Email)]
        public Phi<string>? Text { get; set; }
    }

    [PhiTable(3)]
    [BlindIndex(1, nameof(First), nameof(Second), Bits = 12, DistinctValues = 1_000_000)]
    private sealed class Pair : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Name)]
        public Phi<string>? First { get; set; }

        [PhiColumn(2, Normaliser = Normaliser.Name)]
        public Phi<string>? Second { get; set; }
    }

    [PhiTable(4)]
    [BlindIndex(1, nameof(Text), Bits = 32, DistinctValues = 10_000_000_000)]
    private sealed class ThirtyTwo : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Phone)]
        public Phi<string>? Text { get; set; }
    }
}
