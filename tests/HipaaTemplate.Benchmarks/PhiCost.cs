using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Ciphers;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Tenancy;
using HipaaTemplate.Tests.Platform.Protection.Golden;

namespace HipaaTemplate.Benchmarks;

/// <summary>
/// Sealing and revealing values of about 20 bytes, without the database: the platform's AES-GCM under a key that
/// is at hand (the floor), an envelope, a field of a row, a row, and a page of a list. A cold row is one whose
/// patient's key has to be unwrapped first.
/// </summary>
[MemoryDiagnoser]
[Config(typeof(InProcess))]
public class PhiCost
{
    private const int Fields = 8;
    private const int Rows = 100;
    private const string Value = "Storgatan 1, Stockholm";

    private static readonly PhiColumn Column = PhiTable.Of(typeof(MeasuredRow)).Columns[0];

    private readonly TenantId tenant = TenantId.From(Guid.CreateVersion7());
    private readonly byte[] key = RandomNumberGenerator.GetBytes(CipherSuites.KeyLength);
    private readonly byte[] plain = new byte[32];
    private readonly byte[] cipher = new byte[32];
    private readonly byte[] tag = new byte[CipherSuites.TagLength];
    private readonly byte[] nonce = new byte[12];
    private AesGcm aes = null!;
    private TenantKeyMaterial material = null!;
    private PhiAddress address;
    private byte[] envelope = null!;
    private List<MeasuredRow> rows = null!;
    private PhiKeys keys = null!;
    private PhiRow warm = null!;
    private Phi<string> warmField = null!;
    private IPhi fresh = null!;

    [Params("Xaes256Gcm", "Aes256Gcm")]
    public string Suite { get; set; } = "";

    private CipherSuite Cipher => Enum.Parse<CipherSuite>(Suite);

    [GlobalSetup]
    public void Start()
    {
        aes = new AesGcm(key, CipherSuites.TagLength);
        aes.Encrypt(nonce, plain, cipher, tag);
        material = GoldenKeys.Material(1, RandomNumberGenerator.GetBytes(SecretKey.Length));
        address = new PhiAddress(tenant, 1, 1, Guid.CreateVersion7());
        envelope = Envelope.Seal(Cipher, key, 1, address, plain);
        keys = GoldenKeys.UnitOfWork(tenant, material, Cipher);
        rows = [.. Enumerable.Range(0, Rows).Select(_ => NewRow())];
        // Not one of the page's, which are bound anew each time.
        var row = NewRow();
        warm = new PhiRow(keys, PhiTable.Of(typeof(MeasuredRow)), row);
        warmField = row.One!;
        ((IPhi)warmField).Bind(warm, Column);
        fresh = (Phi<string>)Value;
        if (warmField.Reveal() != Value || RevealPage() != Rows * Fields * Value.Length)
        {
            throw new InvalidOperationException("What was sealed does not open, so there is nothing to measure.");
        }
    }

    [GlobalCleanup]
    public void Stop()
    {
        keys.Dispose();
        aes.Dispose();
    }

    [Benchmark(Baseline = true, Description = "AesGcm, encrypt 32 bytes, key at hand")]
    public void EncryptAlone()
    {
        RandomNumberGenerator.Fill(nonce);
        aes.Encrypt(nonce, plain, cipher, tag);
    }

    [Benchmark(Description = "Envelope.Seal 32 bytes")]
    public byte[] SealEnvelope() => Envelope.Seal(Cipher, key, 1, address, plain);

    [Benchmark(Description = "Envelope.Open 32 bytes")]
    public int OpenEnvelope() => Envelope.Open(envelope, key, 1, address, static plaintext => plaintext.Length);

    [Benchmark(Description = "seal a field")]
    public object SealField() => fresh.SealFor(warm, Column);

    [Benchmark(Description = "Reveal a field, its row's key at hand")]
    public string RevealField() => warmField.Reveal();

    [Benchmark(Description = "Reveal a field of a cold row of 8", OperationsPerInvoke = Fields)]
    public int RevealColdRow()
    {
        using var work = GoldenKeys.UnitOfWork(tenant, material, Cipher);
        return Reveal(rows[0], work);
    }

    [Benchmark(Description = "100 cold rows of 8 fields, revealed")]
    public int RevealPage()
    {
        using var work = GoldenKeys.UnitOfWork(tenant, material, Cipher);
        var length = 0;
        foreach (var row in rows)
        {
            length += Reveal(row, work);
        }

        return length;
    }

    /// <summary>Binds it as a query does, and takes every field.</summary>
    private static int Reveal(MeasuredRow row, PhiKeys work)
    {
        var table = PhiTable.Of(typeof(MeasuredRow));
        var bound = new PhiRow(work, table, row);
        foreach (var column in table.Columns)
        {
            column.Get(row)?.Bind(bound, column);
        }

        return row.One!.Reveal().Length + row.Two!.Reveal().Length + row.Three!.Reveal().Length + row.Four!.Reveal().Length
            + row.Five!.Reveal().Length + row.Six!.Reveal().Length + row.Seven!.Reveal().Length + row.Eight!.Reveal().Length;
    }

    private MeasuredRow NewRow()
    {
        MeasuredRow row = new()
        {
            One = Value, Two = Value, Three = Value, Four = Value, Five = Value, Six = Value, Seven = Value, Eight = Value,
        };
        row.SealUnder(keys.NewSubjectKey(row.SubjectId, material));
        var bound = new PhiRow(keys, PhiTable.Of(typeof(MeasuredRow)), row);
        foreach (var column in bound.Table.Columns)
        {
            column.Set(row, Phi<string>.FromEnvelope(column.Get(row)!.SealFor(bound, column).Envelope!));
        }

        return row;
    }

    [PhiTable(9200)]
    private sealed class MeasuredRow : PhiEntity
    {
        public MeasuredRow() => Id = Guid.CreateVersion7();

        [PhiColumn(1)]
        public Phi<string>? One { get; set; }

        [PhiColumn(2)]
        public Phi<string>? Two { get; set; }

        [PhiColumn(3)]
        public Phi<string>? Three { get; set; }

        [PhiColumn(4)]
        public Phi<string>? Four { get; set; }

        [PhiColumn(5)]
        public Phi<string>? Five { get; set; }

        [PhiColumn(6)]
        public Phi<string>? Six { get; set; }

        [PhiColumn(7)]
        public Phi<string>? Seven { get; set; }

        [PhiColumn(8)]
        public Phi<string>? Eight { get; set; }
    }

    /// <summary>In this process: a project of its own would have to be restored and built first.</summary>
    private sealed class InProcess : ManualConfig
    {
        public InProcess() => AddJob(Job.Default.WithToolchain(InProcessNoEmitToolchain.Instance));
    }
}
