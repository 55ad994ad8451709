using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Export;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Auditing.Export;

[Hipaa(Citations.Accounting)]
internal sealed class DisclosureTests
{
    private static readonly Guid Ada = Guid.CreateVersion7();
    private static readonly Guid Ben = Guid.CreateVersion7();

    [TestCase("", "")]
    [TestCase("plain text", "plain text")]
    [TestCase("a,b", "\"a,b\"")]
    [TestCase("say \"no\"", "\"say \"\"no\"\"\"")]
    [TestCase("two\r\nlines", "\"two\r\nlines\"")]
    [TestCase("=1+1", "'=1+1")]
    [TestCase("+46 8", "'+46 8")]
    [TestCase("-1", "'-1")]
    [TestCase("@SUM(A1)", "'@SUM(A1)")]
    [TestCase("\tx", "'\tx")]
    [TestCase("\r=1", "\"'\r=1\"")]
    [TestCase("  =1", "'  =1")]
    [TestCase("＝1", "'＝1")]
    [TestCase("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"")]
    public void A_cell_is_text_to_every_spreadsheet(string text, string cell) =>
        Assert.That(CsvLine.Of([text, "z"]), Is.EqualTo($"{cell},z\r\n"));

    [Test]
    public void A_line_has_who_received_what_and_why()
    {
        var entry = New() with { Patients = [Ada, Ben], Records = [new('R', 1, Ada), new('R', 1, Ben)] };
        Assert.That(
            Line(entry, Ada),
            Is.EqualTo($"2026-11-28T10:15:00Z,user {entry.Actor},read {App.Api.Services.GetRequiredService<RecordKinds>().NameOf(1)} (1),TREAT treatment,{entry.Request},{entry.Id}\r\n"));
    }

    [Test]
    public void A_request_id_that_is_a_formula_is_none() =>
        Assert.That(Line(New() with { Patients = [Ada], Records = [new('R', 1, Ada)], Request = "=cmd|x" }, Ada), Does.Contain(",'=cmd|x,"));

    [Test]
    public void What_gave_nothing_of_the_patient_away_is_no_line()
    {
        var shown = New() with { Patients = [Ada], Records = [new('R', 1, Ada)] };
        Assert.Multiple(() =>
        {
            Assert.That(Line(shown, Ada), Is.Not.Null);
            Assert.That(Line(shown, Ben), Is.Null, "of another");
            Assert.That(Line(shown with { Outcome = "refused" }, Ada), Is.Null);
            Assert.That(Line(shown with { Records = [] }, Ada), Is.Null, "nothing was shown");
        });
    }

    private static AuditEntry New() => Events.New("read_records", "success", "user");

    private static string? Line(AuditEntry entry, Guid patient) => App.Api.Services.GetRequiredService<DisclosureExport>().LineOf(entry, patient);
}
