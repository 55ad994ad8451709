using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Search;
using HipaaTemplate.Platform.Tenancy;
using HipaaTemplate.Tests.Harness;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>An entity that would not protect what is in it stops the start, and the message says which and where.</summary>
[Hipaa(Citations.Encryption)]
internal sealed class PhiModelTests
{
    private const string Undeclared = "is neither Phi<T> nor [NotPhi(\"why\")]";
    private const string FewValues = "is on too few values";
    private const string Width = "has a width that tells too much, or finds too much";

    [Test]
    public void A_well_declared_entity_is_accepted() => Assert.That(() => Build(typeof(Good)), Throws.Nothing);

    [TestCase(typeof(Bare<string>), "Value", Undeclared, TestName = "A text in clear is refused")]
    [TestCase(typeof(Bare<DateOnly>), "Value", Undeclared, TestName = "A date in clear is refused")]
    [TestCase(typeof(Bare<DateOnly?>), "Value", Undeclared, TestName = "A date in clear that may be missing is refused")]
    [TestCase(typeof(Bare<TimeOnly>), "Value", Undeclared, TestName = "A time of day in clear is refused")]
    [TestCase(typeof(Bare<DateTime>), "Value", Undeclared, TestName = "A date and time in clear is refused")]
    [TestCase(typeof(Bare<DateTimeOffset>), "Value", Undeclared, TestName = "A moment in clear is refused")]
    [TestCase(typeof(Bare<byte[]>), "Value", Undeclared, TestName = "A blob in clear is refused")]
    [TestCase(typeof(Bare<ProbeKind>), "Value", Undeclared, TestName = "An enum in clear is refused")]
    [TestCase(typeof(Bare<ProbeKind?>), "Value", Undeclared, TestName = "An enum in clear that may be missing is refused")]
    [TestCase(typeof(Bare<decimal>), "Value", Undeclared, TestName = "A measured value in clear is refused")]
    [TestCase(typeof(Bare<double>), "Value", Undeclared, TestName = "Another measured value in clear is refused")]
    [TestCase(typeof(Bare<List<string>>), "Value", Undeclared, TestName = "A list of texts in clear is refused")]
    [TestCase(typeof(Bare<string[]>), "Value", Undeclared, TestName = "An array of texts in clear is refused")]
    [TestCase(typeof(Bare<int[]>), "Value", Undeclared, TestName = "An array of numbers in clear is refused")]
    [TestCase(typeof(WithoutReason), "Text", Undeclared, TestName = "A reason that says nothing is none")]
    [TestCase(typeof(WithParts), "Parts", "is a type with parts of its own, which are not sealed", TestName = "A complex type is refused")]
    [TestCase(typeof(Unnumbered), "Text", "needs [PhiColumn(number)]", TestName = "A column without a number is refused")]
    [TestCase(typeof(ColumnZero), "Text", "numbers and buckets are 1 or more", TestName = "A column numbered 0 is refused")]
    [TestCase(typeof(NoBucket), "Text", "numbers and buckets are 1 or more", TestName = "A bucket of nothing is refused")]
    [TestCase(typeof(SameColumn), "First and Second", "have the same column number", TestName = "A number for two columns is refused")]
    [TestCase(typeof(Unsupported), "Number", "a Int32 cannot be sealed", TestName = "A type that cannot be sealed is refused")]
    [TestCase(typeof(WithoutSetter), "Text", "needs a setter", TestName = "A column that cannot be set is refused")]
    [TestCase(typeof(OnSex), "Sex", "too few values that say too much", TestName = "A blind index on sex is refused")]
    [TestCase(typeof(OnRace), "Race", "too few values that say too much", TestName = "A blind index on race is refused")]
    [TestCase(typeof(OnDiagnosis), "DiagnosisCode", "too few values that say too much", TestName = "A blind index on a diagnosis is refused")]
    [TestCase(typeof(OnZip), "HomeZip", "too few values that say too much", TestName = "A blind index on a zip code is refused")]
    [TestCase(typeof(OnZipToo), "HomeZip", "too few values that say too much", TestName = "A blind index on a zip code beside a name is refused")]
    [TestCase(typeof(OnDate), "Day", FewValues, TestName = "A blind index on a date alone is refused")]
    [TestCase(typeof(OnEnum), "Kind", "cannot hash a ProbeKind", TestName = "A blind index on an enum is refused")]
    [TestCase(typeof(OnEnumToo), "Kind", "cannot hash a ProbeKind", TestName = "A blind index on an enum beside a name is refused")]
    [TestCase(typeof(OnPadded), "Code", FewValues, TestName = "A blind index on a padded column is refused")]
    [TestCase(typeof(OnNothing), "Missing", "has no sealed column Missing to index", TestName = "A blind index on a column that is not there is refused")]
    [TestCase(typeof(OnNoColumns), "", "needs a number and a column", TestName = "A blind index on no column is refused")]
    [TestCase(typeof(OnRaw), "Text", "needs a Normaliser on each of its columns", TestName = "A blind index without a normaliser is refused")]
    [TestCase(typeof(OnFew), "Text", FewValues, TestName = "A blind index on too few values is refused")]
    [TestCase(typeof(TooNarrow), "Text", Width, TestName = "A blind index of too few bits is refused")]
    [TestCase(typeof(TooWide), "Text", Width, TestName = "A blind index of too many bits is refused")]
    [TestCase(typeof(WholeAndShared), "Text", Width, TestName = "A blind index of all bits that is not unique is refused")]
    [TestCase(typeof(UniqueAndCut), "Text", "must have 128 bits to be unique", TestName = "A unique blind index that is cut is refused")]
    [TestCase(typeof(SameIndex), "First and Second", "have the same index number", TestName = "A number for two indexes is refused")]
    public void An_entity_is_refused(Type entity, string member, string why) => Assert.That(
        () => Build(entity),
        Throws.InstanceOf<PhiModelException>()
            .With.Message.Contains(entity.Name).And.Message.Contains(member).And.Message.Contains(why));

    [Test]
    public void A_table_without_a_number_is_refused() => Assert.That(
        () => Build(typeof(NoTable)), Throws.InstanceOf<PhiModelException>().With.Message.EqualTo("NoTable needs [PhiTable(number)]."));

    [Test]
    public void A_table_with_the_number_of_another_is_refused() => Assert.That(
        () => Build(typeof(Good), typeof(AlsoGood)),
        Throws.InstanceOf<PhiModelException>().With.Message.Contains("Good has the table number of").Or
            .With.Message.Contains("AlsoGood has the table number of"));

    [Test]
    public void A_table_with_the_number_of_the_keys_is_refused() => Assert.That(
        () => Build(typeof(TableZero)),
        Throws.InstanceOf<PhiModelException>().With.Message.Contains("TableZero has the table number of the keys"));

    [Test]
    public void A_tenants_entity_that_says_nothing_about_patients_is_refused() => Assert.That(
        () => Build(typeof(Silent)),
        Throws.InstanceOf<PhiModelException>().With.Message.Contains("Silent is no PhiEntity and has no [NotPhi(\"why\")]"));

    [Test]
    public void A_tenants_entity_whose_reason_says_nothing_is_refused() => Assert.That(
        () => Build(typeof(Mute)), Throws.InstanceOf<PhiModelException>().With.Message.Contains("Mute is no PhiEntity"));

    [Test]
    public void Everything_that_is_wrong_is_said_at_once() => Assert.That(
        () => Build(typeof(Silent), typeof(SameColumn), typeof(Bare<string>)),
        Throws.InstanceOf<PhiModelException>().With.Message.Contains("Silent").And.Message.Contains("SameColumn").And.Message.Contains("Bare"));

    /// <summary>Ids, counters and flags are no patient's data by themselves, and need no word.</summary>
    [TestCase(typeof(Bare<Guid>))]
    [TestCase(typeof(Bare<int>))]
    [TestCase(typeof(Bare<long?>))]
    [TestCase(typeof(Bare<bool>))]
    public void Ids_counters_and_flags_need_no_word(Type entity) => Assert.That(() => Build(entity), Throws.Nothing);

    [TestCase(typeof(NoPatients), 0, "")]
    [TestCase(typeof(Silent), 1, "Silent is no PhiEntity")]
    public async Task The_API_starts_only_without_one(Type entity, int exitCode, string message)
    {
        var result = await ChildProgram.RunAsync(
            new Dictionary<string, string> { ["DATABASE_URL"] = App.DatabaseUrl, ["KEY_LOCAL_FILE"] = App.LocalKeyFile },
            "serve-with",
            entity.AssemblyQualifiedName!);

        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.EqualTo(exitCode), result.Errors);
            Assert.That(result.Errors, Does.Contain(message));
        });
    }

    private static IModel Build(params Type[] entities) => AppModel.Of(new FeatureCatalog([new EntityFeature(entities)]));

    [PhiTable(1)]
    [BlindIndex(1, nameof(Text), Bits = 12, DistinctValues = 1_000_000)]
    private sealed class Good : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Name)]
        public Phi<string>? Text { get; set; }

        [NotPhi("a label")]
        public string? Label { get; set; }
    }

    [PhiTable(1)]
    private sealed class AlsoGood : PhiEntity;

    [PhiTable(0)]
    private sealed class TableZero : PhiEntity;

    private sealed class NoTable : PhiEntity;

    [NotPhi("of nobody")]
    private sealed class NoPatients : ITenantScoped
    {
        public TenantId TenantId { get; private set; }

        public Guid Id { get; init; }
    }

    private sealed class Silent : ITenantScoped
    {
        public TenantId TenantId { get; private set; }

        public Guid Id { get; init; }
    }

    [NotPhi("")]
    private sealed class Mute : ITenantScoped
    {
        public TenantId TenantId { get; private set; }

        public Guid Id { get; init; }
    }

    [PhiTable(2)]
    private sealed class Bare<T> : PhiEntity
    {
        public T? Value { get; set; }
    }

    [PhiTable(3)]
    private sealed class WithoutReason : PhiEntity
    {
        [NotPhi("")]
        public string? Text { get; set; }
    }

    [PhiTable(4)]
    private sealed class WithParts : PhiEntity
    {
        public required Parts Parts { get; set; }
    }

    [System.ComponentModel.DataAnnotations.Schema.ComplexType]
    private sealed class Parts
    {
        public string? Text { get; set; }
    }

    [PhiTable(5)]
    private sealed class Unnumbered : PhiEntity
    {
        public Phi<string>? Text { get; set; }
    }

    [PhiTable(5)]
    private sealed class ColumnZero : PhiEntity
    {
        [PhiColumn(0)]
        public Phi<string>? Text { get; set; }
    }

    [PhiTable(5)]
    private sealed class NoBucket : PhiEntity
    {
        [PhiColumn(1, Bucket = 0)]
        public Phi<string>? Text { get; set; }
    }

    [PhiTable(6)]
    private sealed class SameColumn : PhiEntity
    {
        [PhiColumn(1)]
        public Phi<string>? First { get; set; }

        [PhiColumn(1)]
        public Phi<string>? Second { get; set; }
    }

    [PhiTable(7)]
    private sealed class Unsupported : PhiEntity
    {
        [PhiColumn(1)]
        public Phi<int>? Number { get; set; }
    }

    [PhiTable(8)]
    private sealed class WithoutSetter : PhiEntity
    {
        [PhiColumn(1)]
        public Phi<string>? Text { get; }
    }

    [PhiTable(9)]
    [BlindIndex(1, nameof(Sex), Bits = 12, DistinctValues = 1_000_000)]
    private sealed class OnSex : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Name)]
        public Phi<string>? Sex { get; set; }
    }

    [PhiTable(9)]
    [BlindIndex(1, nameof(Race), Bits = 12, DistinctValues = 1_000_000)]
    private sealed class OnRace : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Name)]
        public Phi<string>? Race { get; set; }
    }

    [PhiTable(9)]
    [BlindIndex(1, nameof(DiagnosisCode), Bits = 12, DistinctValues = 1_000_000)]
    private sealed class OnDiagnosis : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Identifier)]
        public Phi<string>? DiagnosisCode { get; set; }
    }

    [PhiTable(9)]
    [BlindIndex(1, nameof(HomeZip), Bits = 12, DistinctValues = 100_000)]
    private sealed class OnZip : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Identifier)]
        public Phi<string>? HomeZip { get; set; }
    }

    [PhiTable(9)]
    [BlindIndex(1, nameof(Text), nameof(HomeZip), Bits = 12, DistinctValues = 1_000_000)]
    private sealed class OnZipToo : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Name)]
        public Phi<string>? Text { get; set; }

        [PhiColumn(2, Normaliser = Normaliser.Identifier)]
        public Phi<string>? HomeZip { get; set; }
    }

    [PhiTable(10)]
    [BlindIndex(1, nameof(Day), Bits = 12, DistinctValues = 1_000_000)]
    private sealed class OnDate : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Date)]
        public Phi<DateOnly>? Day { get; set; }
    }

    [PhiTable(11)]
    [BlindIndex(1, nameof(Kind), Bits = 12, DistinctValues = 1_000_000)]
    private sealed class OnEnum : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Identifier)]
        public Phi<ProbeKind>? Kind { get; set; }
    }

    [PhiTable(11)]
    [BlindIndex(1, nameof(Text), nameof(Kind), Bits = 12, DistinctValues = 1_000_000)]
    private sealed class OnEnumToo : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Name)]
        public Phi<string>? Text { get; set; }

        [PhiColumn(2, Normaliser = Normaliser.Identifier)]
        public Phi<ProbeKind>? Kind { get; set; }
    }

    [PhiTable(12)]
    [BlindIndex(1, nameof(Code), Bits = 12, DistinctValues = 1_000_000)]
    private sealed class OnPadded : PhiEntity
    {
        [PhiColumn(1, Bucket = 32, Normaliser = Normaliser.Identifier)]
        public Phi<string>? Code { get; set; }
    }

    [PhiTable(13)]
    [BlindIndex(1, "Missing", Bits = 12, DistinctValues = 1_000_000)]
    private sealed class OnNothing : PhiEntity;

    [PhiTable(13)]
    [BlindIndex(1, Bits = 12, DistinctValues = 1_000_000)]
    private sealed class OnNoColumns : PhiEntity;

    [PhiTable(14)]
    [BlindIndex(1, nameof(Text), Bits = 12, DistinctValues = 1_000_000)]
    private sealed class OnRaw : PhiEntity
    {
        [PhiColumn(1)]
        public Phi<string>? Text { get; set; }
    }

    [PhiTable(15)]
    [BlindIndex(1, nameof(Text), Bits = 12, DistinctValues = 9_999)]
    private sealed class OnFew : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Name)]
        public Phi<string>? Text { get; set; }
    }

    /// <summary>2^13 is below the square root of 100 million, 2^26 above half of it: 14 to 25 bits will do.</summary>
    [PhiTable(16)]
    [BlindIndex(1, nameof(Text), Bits = 13, DistinctValues = 100_000_000)]
    private sealed class TooNarrow : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Name)]
        public Phi<string>? Text { get; set; }
    }

    [PhiTable(16)]
    [BlindIndex(1, nameof(Text), Bits = 26, DistinctValues = 100_000_000)]
    private sealed class TooWide : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Name)]
        public Phi<string>? Text { get; set; }
    }

    [PhiTable(16)]
    [BlindIndex(1, nameof(Text), Bits = BlindIndexAttribute.Whole, DistinctValues = 100_000_000)]
    private sealed class WholeAndShared : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Name)]
        public Phi<string>? Text { get; set; }
    }

    [PhiTable(16)]
    [BlindIndex(1, nameof(Text), Bits = 32, DistinctValues = 100_000_000, IsUnique = true)]
    private sealed class UniqueAndCut : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Name)]
        public Phi<string>? Text { get; set; }
    }

    [PhiTable(17)]
    [BlindIndex(1, nameof(First), Bits = 12, DistinctValues = 1_000_000)]
    [BlindIndex(1, nameof(Second), Bits = 12, DistinctValues = 1_000_000)]
    private sealed class SameIndex : PhiEntity
    {
        [PhiColumn(1, Normaliser = Normaliser.Name)]
        public Phi<string>? First { get; set; }

        [PhiColumn(2, Normaliser = Normaliser.Name)]
        public Phi<string>? Second { get; set; }
    }
}
