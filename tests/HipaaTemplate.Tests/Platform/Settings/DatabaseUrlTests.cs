using HipaaTemplate.Platform.Database;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Settings;

/// <summary>DATABASE_URL as Railway, Heroku, libpq and Npgsql write it.</summary>
internal sealed class DatabaseUrlTests
{
    [TestCase("postgres://u:p@db.test/d")]
    [TestCase("postgresql://u:p@db.test:5432/d")]
    [TestCase("Host=db.test;Username=u;Password=p;Database=d")]
    public void Every_usual_form_says_the_same(string text)
    {
        var read = DatabaseUrl.Parse(text);

        Assert.That((read.Host, read.Port, read.Database, read.Username, read.Password),
            Is.EqualTo(("db.test", 5432, "d", "u", "p")));
    }

    [Test]
    public void Percent_encoding_is_undone_everywhere()
    {
        var read = DatabaseUrl.Parse("postgres://us%40er:p%3A%2F%40%23%20w@db.test:6543/my%20db");

        Assert.That((read.Username, read.Password, read.Database, read.Port), Is.EqualTo(("us@er", "p:/@# w", "my db", 6543)));
    }

    [Test]
    public void A_password_may_hold_a_colon() =>
        Assert.That(DatabaseUrl.Parse("postgres://u:a:b@db.test/d").Password, Is.EqualTo("a:b"));

    [Test]
    public void A_password_may_be_missing() =>
        Assert.That(DatabaseUrl.Parse("postgres://u@db.test/d").Password, Is.Null);

    [Test]
    public void An_IPv6_host_is_an_address_that_can_be_connected_to() =>
        Assert.That(DatabaseUrl.Parse("postgres://u:p@[::1]:5433/d").Host, Is.EqualTo("::1").Or.EqualTo("[::1]"));

    [TestCase("disable", SslMode.Disable)]
    [TestCase("allow", SslMode.Allow)]
    [TestCase("prefer", SslMode.Prefer)]
    [TestCase("require", SslMode.Require)]
    [TestCase("verify-ca", SslMode.VerifyCA)]
    [TestCase("verify-full", SslMode.VerifyFull)]
    public void Sslmode_is_libpqs(string value, SslMode mode) =>
        Assert.That(DatabaseUrl.Parse($"postgres://u:p@db.test/d?sslmode={value}").SslMode, Is.EqualTo(mode));

    [Test]
    public void Other_known_parameters_arrive()
    {
        var read = DatabaseUrl.Parse(
            "postgres://u:p@db.test/d?sslrootcert=%2Fca.pem&connect_timeout=7&application_name=my%20app");

        Assert.That((read.RootCertificate, read.Timeout, read.ApplicationName), Is.EqualTo(("/ca.pem", 7, "my app")));
    }

    [TestCase("postgres://u:canary@db.test/d?sslmode=sometimes")]
    [TestCase("postgres://u:canary@db.test/d?sslmode=")]
    [TestCase("postgres://u:canary@db.test/d?options=-c%20role%3Dpostgres")]
    [TestCase("postgres://u:canary@db.test/d?connect_timeout=canary")]
    [TestCase("postgres://u:canary@db.test/d?SSLMODE=require")]
    [TestCase("postgres://u:canary@db.test/")]
    [TestCase("postgres://u:canary@db.test")]
    [TestCase("postgres://db.test/canary")]
    [TestCase("postgres://u:canary@/d")]
    [TestCase("mysql://u:canary@db.test/d")]
    [TestCase("postgres://u:canary@db.test:port/d")]
    [TestCase("canary")]
    [TestCase("Host=db.test;Canary=canary")]
    [TestCase("Host=db.test;Port=canary")]
    public void What_it_cannot_use_is_refused_without_repeating_it(string text)
    {
        var refusal = Assert.Throws<FormatException>(() => DatabaseUrl.Parse(text))!;

        Assert.That(refusal.Message, Does.Not.Contain("canary").IgnoreCase);
    }
}
