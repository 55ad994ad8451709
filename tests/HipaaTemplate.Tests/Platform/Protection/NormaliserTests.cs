using HipaaTemplate.Platform.Protection.Search;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>What a search calls the same. A rule that changes gets a new number; these are those of version 1.</summary>
internal sealed class NormaliserTests
{
    [TestCase(Normaliser.Identifier, "mrn-001", "MRN-001", " mrn-001 ", "MRN-001\t")]
    [TestCase(Normaliser.Email, "Maria@Example.test", "maria@example.test", " MARIA@EXAMPLE.TEST\n")]
    [TestCase(Normaliser.Phone, "+46 (0)8 123-45.67", "46081234567", "(+46) 08/123 45 67", "４６０８１２３４５６７", "٤٦٠٨١٢٣٤٥٦٧")]
    [TestCase(Normaliser.Name, "Lindqvist", "LINDQVIST", "  lindqvist ")]
    [TestCase(Normaliser.Name, "de la Cruz", "De  La\tCruz", "DE LA\u00a0CRUZ")]
    [TestCase(Normaliser.Name, "Zo\u00eb", "Zoe\u0308", "ZOE", "ZO\u00cb")]
    [TestCase(Normaliser.Name, "Stra\u00dfe", "STRASSE", "strasse", "STRA\u1e9eE")]
    [TestCase(Normaliser.Name, "\u00c5str\u00f6m", "A\u030astro\u0308m", "\u212bstrom", "ASTROM")]
    [TestCase(Normaliser.Name, "\u0141ukasz", "\u0142ukasz", "Lukasz")]
    [TestCase(Normaliser.Name, "Nguy\u1ec5n", "Nguye\u0302\u0303n", "NGUYEN")]
    [TestCase(Normaliser.Name, "\u0130brahim", "I\u0307brahim", "IBRAHIM", "ibrahim")]
    [TestCase(Normaliser.Name, "Y\u0131ld\u0131z", "YILDIZ", "Yildiz")]
    [TestCase(Normaliser.Name, "\u00d8rsted", "\u00f8rsted", "ORSTED")]
    [TestCase(Normaliser.Date, "1980-02-29", "1980-02-29")]
    public void These_are_the_same(Normaliser normaliser, string one, params string[] others) => Assert.That(
        others.Select(text => normaliser.Apply(text)), Has.All.EqualTo(normaliser.Apply(one)).And.All.Not.Empty);

    [TestCase(Normaliser.Identifier, "MRN-001", "MRN-002", "MRN001", "MRN 001", "MRN-0001")]
    [TestCase(Normaliser.Email, "maria@example.test", "maria@example.com", "mari\u00e1@example.test", "ma.ria@example.test", "maria+x@example.test")]
    [TestCase(Normaliser.Phone, "46812345670", "4681234567", "812345670", "046812345670")]
    [TestCase(Normaliser.Name, "Lindqvist", "Lundqvist", "Lind qvist", "Lindqvist-Berg", "Lindkvist")]
    [TestCase(Normaliser.Name, "O'Brien", "O Brien", "OBrien")]
    [TestCase(Normaliser.Date, "1980-02-01", "1980-01-02", "1980-2-1", " 1980-02-01")]
    public void These_are_not(Normaliser normaliser, string one, params string[] others) => Assert.That(
        others.Select(text => normaliser.Apply(text)), Has.None.EqualTo(normaliser.Apply(one)));

    [TestCase(Normaliser.Identifier, " \t")]
    [TestCase(Normaliser.Phone, "ask his sister")]
    [TestCase(Normaliser.Name, "\u00a0\u0301 ")]
    public void Of_some_nothing_is_left(Normaliser normaliser, string text) =>
        Assert.That(normaliser.Apply(text), Is.Empty);

    /// <summary>What is looked for may be written as somebody read it off the screen.</summary>
    [Test]
    public void What_is_written_once_is_not_changed_when_it_is_written_again()
    {
        string[] texts = ["Zo\u00eb  \u00c5str\u00f6m", "stra\u00dfe", "+46 (0)8 123", " a b ", "\u0130\u0131", "\u01c6", "\u1f80"];
        foreach (var normaliser in Enum.GetValues<Normaliser>().Where(normaliser => normaliser != Normaliser.None))
        {
            foreach (var once in texts.Select(text => normaliser.Apply(text)))
            {
                Assert.That(normaliser.Apply(once), Is.EqualTo(once), $"{normaliser}");
            }
        }
    }

    [Test]
    public void None_is_no_rule() =>
        Assert.That(() => Normaliser.None.Apply("text"), Throws.InstanceOf<ArgumentOutOfRangeException>());

    /// <summary>They stand in the indexes' keys: a number that moves finds nothing any more.</summary>
    [Test]
    public void Numbers_are_for_ever() => Assert.That(
        Enum.GetValues<Normaliser>().Select(normaliser => $"{(int)normaliser} {normaliser}"),
        Is.EqualTo(new[] { "0 None", "1 Identifier", "2 Email", "3 Phone", "4 Name", "5 Date" }));
}
