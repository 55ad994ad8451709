using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Ciphers;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Search;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Platform.Protection.Golden;

/// <summary>A unit of work whose tenant's key a test brings along, without a database.</summary>
internal static class GoldenKeys
{
    public static PhiKeys UnitOfWork(TenantId tenant, TenantKeyMaterial material, CipherSuite suite)
    {
        var protection = new ProtectionSettings { Cipher = suite == CipherSuite.Aes256Gcm ? PhiCipher.Aes : PhiCipher.Xaes };
        // No cache and no counting: with the ring at hand neither is asked.
        var source = new PhiKeySource(
            null!, null!, new KeyTimes(Options.Create(protection)), Options.Create(protection), Options.Create(new KeyProviderSettings()), TimeProvider.System,
            NullLogger<PhiKeySource>.Instance);
        var ring = new TenantKeyRing(tenant, [material], TimeProvider.System.GetUtcNow());
        // Twice: the material is the caller's, and is not wiped with the unit of work.
        ring.TryHold();
        return new PhiKeys(source, tenant, ring);
    }

    public static TenantKeyMaterial Material(int version, ReadOnlySpan<byte> plaintext) => new(
        new TenantKey
        {
            Version = version,
            Class = DataClass.General,
            Provider = LocalKeyProvider.ProviderName,
            ProviderKeyId = "default",
            Commitment = TenantKeyMaterial.CommitmentOf(plaintext),
            IndexSlot = 0,
            CreatedAt = DateTimeOffset.UnixEpoch,
            ActiveFrom = DateTimeOffset.UnixEpoch,
        },
        plaintext,
        new KeyBudget());
}

internal enum GoldenCode : short
{
    Lowest = short.MinValue,
    None = 0,
    Highest = short.MaxValue,
}

/// <summary>A row of every type that can be sealed, padded and not, and of every rule of the blind indexes.</summary>
[PhiTable(9100)]
[BlindIndex(1, nameof(Text), Bits = BlindIndexAttribute.Whole, DistinctValues = 1_000_000, IsUnique = true)]
[BlindIndex(2, nameof(Email), Bits = 32, DistinctValues = 10_000_000_000)]
[BlindIndex(3, nameof(Phone), Bits = 32, DistinctValues = 10_000_000_000)]
[BlindIndex(4, nameof(Name), nameof(Date), Bits = 12, DistinctValues = 1_000_000)]
internal sealed class GoldenRow : PhiEntity
{
    private readonly Guid subject;

    public GoldenRow(Guid id, Guid subject)
    {
        Id = id;
        this.subject = subject;
    }

    public override Guid SubjectId => subject;

    [PhiColumn(1, Normaliser = Normaliser.Identifier)]
    public Phi<string>? Text { get; set; }

    [PhiColumn(2, Bucket = 32)]
    public Phi<string>? PaddedText { get; set; }

    [PhiColumn(3, Normaliser = Normaliser.Date)]
    public Phi<DateOnly>? Date { get; set; }

    [PhiColumn(4, Bucket = 32)]
    public Phi<DateOnly>? PaddedDate { get; set; }

    [PhiColumn(5)]
    public Phi<DateTimeOffset>? Time { get; set; }

    [PhiColumn(6, Bucket = 64)]
    public Phi<DateTimeOffset>? PaddedTime { get; set; }

    [PhiColumn(7)]
    public Phi<byte[]>? Bytes { get; set; }

    [PhiColumn(8, Bucket = 32)]
    public Phi<byte[]>? PaddedBytes { get; set; }

    [PhiColumn(9)]
    public Phi<GoldenCode>? Code { get; set; }

    [PhiColumn(10, Bucket = 32)]
    public Phi<GoldenCode>? PaddedCode { get; set; }

    [PhiColumn(11, Normaliser = Normaliser.Email)]
    public Phi<string>? Email { get; set; }

    [PhiColumn(12, Normaliser = Normaliser.Phone)]
    public Phi<string>? Phone { get; set; }

    [PhiColumn(13, Normaliser = Normaliser.Name)]
    public Phi<string>? Name { get; set; }
}
