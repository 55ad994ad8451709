using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Search;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Harness;

internal enum ProbeKind : short
{
    Unknown = 0,
    Plain = 1,
    Strange = 2,
}

/// <summary>A forker's table with patients' data, with a value of each type.</summary>
[PhiTable(9001, Class = DataClass.Record)]
[BlindIndex(1, nameof(Code), Bits = BlindIndexAttribute.Whole, DistinctValues = 1_000_000, IsUnique = true)]
[BlindIndex(2, nameof(Note), nameof(Day), Bits = 12, DistinctValues = 1_000_000)]
internal sealed class SealedProbe : PhiEntity
{
    public SealedProbe() => Id = Guid.CreateVersion7();

    [PhiColumn(1, Normaliser = Normaliser.Identifier)]
    public required Phi<string> Code { get; set; }

    [PhiColumn(2, Normaliser = Normaliser.Name)]
    public Phi<string>? Note { get; set; }

    [PhiColumn(3, Normaliser = Normaliser.Date)]
    public Phi<DateOnly>? Day { get; set; }

    [PhiColumn(4)]
    public Phi<DateTimeOffset>? Moment { get; set; }

    [PhiColumn(5)]
    public Phi<byte[]>? Blob { get; set; }

    [PhiColumn(6, Bucket = 32)]
    public Phi<ProbeKind>? Kind { get; set; }

    [NotPhi("a label of the test")]
    public string? Label { get; set; }
}

/// <summary>A second table, whose rows are under the key of the first one's.</summary>
[PhiTable(9002)]
internal sealed class SealedNote : PhiEntity
{
    public SealedNote() => Id = Guid.CreateVersion7();

    public required Guid ProbeId { get; init; }

    public override Guid SubjectId => ProbeId;

    [PhiColumn(1)]
    public required Phi<string> Text { get; set; }
}

internal static class SealedProbes
{
    public static void Map(ModelBuilder model)
    {
        model.Entity<SealedProbe>(probe => probe.ToTable("sealed_probes"));
        model.Entity<SealedNote>(note => note.ToTable("sealed_notes"));
    }
}
