using System.Globalization;
using System.Text.Json;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Ciphers;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Platform.Protection.Golden;

/// <summary>
/// What release 1 sealed opens for ever, with the whole chain of keys, through the code that the API uses. A
/// test that fails here says that data of a deployment would be lost: it is never the file that is wrong.
/// </summary>
internal sealed class GoldenTests
{
    private const string File = "tests/HipaaTemplate.Tests/Platform/Protection/Golden/release-1.json";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly Lazy<GoldenFile> Release = new(() => JsonSerializer.Deserialize<GoldenFile>(SourceTree.Read(File))!);

    private static GoldenFile Golden => Release.Value;

    private static IEnumerable<string> Suites => Enum.GetNames<CipherSuite>();

    [Test]
    public void It_holds_every_suite_and_every_type_padded_and_not() => Assert.Multiple(() =>
    {
        var columns = PhiTable.Of(typeof(GoldenRow)).Columns;
        Assert.That(Golden.Rows.Select(row => row.Suite), Is.EquivalentTo(Suites));
        Assert.That(Golden.Rows.Select(row => row.Cells.Keys), Has.All.EquivalentTo(columns.Select(column => column.Name)));
        Assert.That(
            columns.GroupBy(column => column.Type).Select(type => (type.Any(column => column.Bucket == 1), type.Any(column => column.Bucket > 1))),
            Has.Exactly(5).Items.And.All.EqualTo((true, true)));
    });

    [Test]
    public async Task The_tenants_key_is_unwrapped_and_is_the_one_that_was_committed_to()
    {
        var plaintext = await UnwrapAsync(Convert.FromHexString(Golden.TenantKey.Wrapped));
        Assert.That(Convert.ToHexStringLower(plaintext), Is.EqualTo(Golden.TenantKey.Plaintext));
        Assert.That(Convert.ToHexStringLower(TenantKeyMaterial.CommitmentOf(plaintext)), Is.EqualTo(Golden.TenantKey.Commitment));
    }

    [TestCaseSource(nameof(Suites))]
    public async Task Every_value_opens(string suite)
    {
        var row = Golden.Rows.Single(row => row.Suite == suite);
        using var keys = await UnitOfWorkAsync(suite);
        foreach (var column in PhiTable.Of(typeof(GoldenRow)).Columns)
        {
            var cell = row.Cells[column.Name];
            Assert.That(Reveal(keys, row, column, Convert.FromHexString(cell.Envelope)), Is.EqualTo(cell.Value), column.Name);
        }
    }

    [TestCaseSource(nameof(Suites))]
    public async Task With_any_byte_changed_none_of_it_opens(string suite)
    {
        var row = Golden.Rows.Single(row => row.Suite == suite);
        using var keys = await UnitOfWorkAsync(suite);
        foreach (var column in PhiTable.Of(typeof(GoldenRow)).Columns)
        {
            foreach (var changed in WithAByteChanged(row.Cells[column.Name].Envelope))
            {
                Assert.That(() => Reveal(keys, row, column, changed), Throws.InstanceOf<PhiAuthenticationException>(), column.Name);
            }
        }

        var first = PhiTable.Of(typeof(GoldenRow)).Columns[0];
        var envelope = Convert.FromHexString(row.Cells[first.Name].Envelope);
        foreach (var changed in WithAByteChanged(row.SubjectKey))
        {
            var withOtherKey = row with { SubjectKey = Convert.ToHexString(changed) };
            Assert.That(() => Reveal(keys, withOtherKey, first, envelope), Throws.InstanceOf<PhiAuthenticationException>());
        }

        foreach (var changed in WithAByteChanged(Golden.TenantKey.Wrapped))
        {
            Assert.That(
                () => UnwrapAsync(changed),
                Throws.InstanceOf<KeyProviderException>().With.Property(nameof(KeyProviderException.Fault)).EqualTo(KeyProviderFault.NotAuthentic));
        }
    }

    [Test]
    public async Task Every_value_is_found_by_its_blind_index()
    {
        var indexes = PhiTable.Of(typeof(GoldenRow)).Indexes;
        Assert.That(Golden.Indexes.Select(golden => golden.Number).Distinct(), Is.EquivalentTo(indexes.Select(index => index.Number)));
        using var material = GoldenKeys.Material(
            Golden.TenantKey.Version, await UnwrapAsync(Convert.FromHexString(Golden.TenantKey.Wrapped)));
        foreach (var golden in Golden.Indexes)
        {
            var index = indexes.Single(index => index.Number == golden.Number);
            Assert.That(Convert.ToHexStringLower(index.Of(material, index.Normalise(golden.Values))!), Is.EqualTo(golden.Hash), golden.Values[0]);
        }
    }

    /// <summary>
    /// How the file was made, once, for release 1. Another release that writes another format gets a file of
    /// its own; this one is never written again.
    /// </summary>
    [Test, Explicit("It writes release-1.json, which must never change.")]
    public async Task Write()
    {
        var root = Ascending(0x00);
        var tenantKey = Ascending(0x20);
        var tenant = TenantId.From(Guid.Parse("00000000-0000-7000-8000-00000000000a"));
        var subject = Guid.Parse("00000000-0000-7000-8000-00000000000b");
        const int version = 1;
        using var provider = new FixedLocalKey(root);
        var wrapped = await provider.WrapAsync(tenantKey, ContextOf(tenant, version));
        using var material = GoldenKeys.Material(version, tenantKey);
        var indexes = PhiTable.Of(typeof(GoldenRow)).Indexes;
        GoldenFile golden = new(
            "Sealed by release 1. Keys are counted bytes. Never change a value: see GoldenTests.",
            Convert.ToHexStringLower(root),
            tenant.ToString(),
            subject.ToString(),
            new GoldenTenantKey(
                version, Convert.ToHexStringLower(tenantKey), Convert.ToHexStringLower(wrapped),
                Convert.ToHexStringLower(TenantKeyMaterial.CommitmentOf(tenantKey))),
            [.. Enum.GetValues<CipherSuite>().Select(suite => NewRow(suite, tenant, subject, material))],
            [
                .. new (int Number, string[] Values)[]
                {
                    (1, [" mrn-001 "]), (2, ["Maria@Example.test"]), (3, ["+46 (0)8 123-45.67"]), (3, ["４６"]),
                    (4, ["Zo\u00eb Lindqvist", "1931-12-01"]), (4, ["Stra\u00dfe", "2000-02-29"]), (4, ["\u0141ukasz", "1980-01-01"]),
                }.Select(value => new GoldenIndex(value.Number, value.Values, Convert.ToHexStringLower(
                    indexes.Single(index => index.Number == value.Number) is var index
                        ? index.Of(material, index.Normalise(value.Values))!
                        : []))),
            ]);
        await System.IO.File.WriteAllTextAsync(Repository.PathOf(File), JsonSerializer.Serialize(golden, Indented) + "\n");
    }

    private static GoldenRowOf NewRow(CipherSuite suite, TenantId tenant, Guid subject, TenantKeyMaterial material)
    {
        using var keys = GoldenKeys.UnitOfWork(tenant, material, suite);
        var wrapped = Envelope.Seal(
            suite, material.WrappingKey, material.Version, new PhiAddress(tenant, 0, 0, subject), Ascending(0x40));
        GoldenRowOf row = new(suite.ToString(), $"00000000-0000-7000-8000-{(int)suite:D12}", Convert.ToHexStringLower(wrapped), []);
        var moment = new DateTimeOffset(2024, 2, 29, 23, 59, 59, TimeSpan.Zero).AddTicks(1);
        var entity = EntityOf(row, tenant, subject, material.Version);
        (entity.Text, entity.PaddedText) = ("Zo\u00eb \ud83d\ude00", "");
        (entity.Date, entity.PaddedDate) = (new DateOnly(1875, 1, 1), new DateOnly(9999, 12, 31));
        (entity.Time, entity.PaddedTime) = (moment, DateTimeOffset.UnixEpoch);
        (entity.Bytes, entity.PaddedBytes) = (new byte[] { 0x80, 0, 0 }, Ascending(0x60));
        (entity.Code, entity.PaddedCode) = (GoldenCode.Lowest, GoldenCode.Highest);
        (entity.Email, entity.Phone, entity.Name) = ("maria@example.test", "+46 8 123", "Lindqvist");
        var place = new PhiRow(keys, PhiTable.Of(typeof(GoldenRow)), entity);
        foreach (var column in place.Table.Columns)
        {
            var phi = column.Get(entity)!.SealFor(place, column);
            row.Cells[column.Name] = new GoldenCell(Text(phi), Convert.ToHexStringLower(phi.Envelope!));
        }

        return row;
    }

    /// <summary>As a query would bring it: the envelope, bound to its row, revealed.</summary>
    private static string Reveal(PhiKeys keys, GoldenRowOf row, PhiColumn column, byte[] envelope)
    {
        var entity = EntityOf(row, keys.Tenant, Guid.Parse(Golden.Subject), Golden.TenantKey.Version);
        IPhi phi = column.Type == typeof(string) ? Phi<string>.FromEnvelope(envelope)
            : column.Type == typeof(DateOnly) ? Phi<DateOnly>.FromEnvelope(envelope)
            : column.Type == typeof(DateTimeOffset) ? Phi<DateTimeOffset>.FromEnvelope(envelope)
            : column.Type == typeof(byte[]) ? Phi<byte[]>.FromEnvelope(envelope)
            : Phi<GoldenCode>.FromEnvelope(envelope);
        phi.Bind(new PhiRow(keys, PhiTable.Of(typeof(GoldenRow)), entity), column);
        return Text(phi);
    }

    private static string Text(IPhi phi) => phi switch
    {
        Phi<string> text => text.Reveal(),
        Phi<DateOnly> date => date.Reveal().ToString("O", CultureInfo.InvariantCulture),
        Phi<DateTimeOffset> time => time.Reveal().ToString("O", CultureInfo.InvariantCulture),
        Phi<byte[]> bytes => Convert.ToHexStringLower(bytes.Reveal()),
        _ => $"{((Phi<GoldenCode>)phi).Reveal()}",
    };

    private static GoldenRow EntityOf(GoldenRowOf row, TenantId tenant, Guid subject, int version)
    {
        GoldenRow entity = new(Guid.Parse(row.Id), subject);
        entity.SealUnder(new SubjectKey
        {
            TenantId = tenant,
            SubjectId = subject,
            KeyVersion = version,
            Wrapped = Convert.FromHexString(row.SubjectKey),
            CreatedAt = DateTimeOffset.UnixEpoch,
        });
        return entity;
    }

    private static async Task<PhiKeys> UnitOfWorkAsync(string suite) => GoldenKeys.UnitOfWork(
        TenantId.From(Guid.Parse(Golden.Tenant)),
        GoldenKeys.Material(Golden.TenantKey.Version, await UnwrapAsync(Convert.FromHexString(Golden.TenantKey.Wrapped))),
        Enum.Parse<CipherSuite>(suite));

    private static async Task<byte[]> UnwrapAsync(byte[] wrapped)
    {
        using var provider = new FixedLocalKey(Convert.FromHexString(Golden.LocalRoot));
        return await provider.UnwrapAsync(wrapped, ContextOf(TenantId.From(Guid.Parse(Golden.Tenant)), Golden.TenantKey.Version));
    }

    private static KeyContext ContextOf(TenantId tenant, int version) => new("development", tenant, DataClass.General, version);

    private static byte[] Ascending(int from) => [.. Enumerable.Range(from, SecretKey.Length).Select(value => (byte)value)];

    private static IEnumerable<byte[]> WithAByteChanged(string hex)
    {
        for (var at = 0; at < hex.Length / 2; at++)
        {
            var changed = Convert.FromHexString(hex);
            changed[at] ^= 1;
            yield return changed;
        }
    }

    private sealed record GoldenFile(
        string About, string LocalRoot, string Tenant, string Subject, GoldenTenantKey TenantKey, GoldenRowOf[] Rows, GoldenIndex[] Indexes);

    private sealed record GoldenTenantKey(int Version, string Plaintext, string Wrapped, string Commitment);

    private sealed record GoldenRowOf(string Suite, string Id, string SubjectKey, Dictionary<string, GoldenCell> Cells);

    private sealed record GoldenCell(string Value, string Envelope);

    private sealed record GoldenIndex(int Number, string[] Values, string Hash);

    /// <summary>The local provider, with a key file that is known.</summary>
    private sealed class FixedLocalKey : IDisposable
    {
        private readonly string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        private readonly LocalKeyProvider provider;

        public FixedLocalKey(byte[] root)
        {
            System.IO.File.WriteAllBytes(file, root);
            provider = new LocalKeyProvider(
                Options.Create(new KeyProviderSettings { LocalFile = file }), NullLogger<LocalKeyProvider>.Instance);
        }

        public Task<byte[]> UnwrapAsync(byte[] wrapped, KeyContext context) =>
            provider.UnwrapAsync(new WrappedKey("default", wrapped), context, CancellationToken.None);

        /// <summary>The provider makes its own keys; this one is given.</summary>
        public Task<byte[]> WrapAsync(byte[] plaintext, KeyContext context)
        {
            var wrap = typeof(LocalKeyProvider).GetMethod("Wrap", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)!;
            return Task.FromResult(wrap.CreateDelegate<WrapKey>(provider)(plaintext, context).Bytes);
        }

        public void Dispose() => System.IO.File.Delete(file);

        private delegate WrappedKey WrapKey(ReadOnlySpan<byte> plaintext, KeyContext context);
    }
}
