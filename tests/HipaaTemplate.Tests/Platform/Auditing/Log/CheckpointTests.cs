using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Tests.Platform.Auditing.Log;

/// <summary>A checkpoint has one spelling, and everything else is refused.</summary>
internal sealed class CheckpointTests
{
    /// <summary>The example that c2sp.org/tlog-checkpoint prints.</summary>
    private const string Printed = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    private const string Root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    private const string EmptyRoot = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    [Test]
    public void The_printed_example_is_read_and_written_again()
    {
        Assert.That(Checkpoint.TryParse(Printed, out var checkpoint), Is.True);
        Assert.That(
            (checkpoint!.Origin, checkpoint.Size, Convert.ToBase64String(checkpoint.Root), checkpoint.Extensions.Count),
            Is.EqualTo(("example.com/behind-the-sofa", 20_852_163, Root, 0)));
        Assert.That(checkpoint.Format(), Is.EqualTo(Printed));
    }

    [TestCase(Printed + "one\ntwo words — and more\n")]
    [TestCase($"o\n0\n{EmptyRoot}\n")]
    [TestCase($"an origin + spaces\n9223372036854775807\n{Root}\n")]
    public void What_is_read_is_written_the_same(string text)
    {
        Assert.That(Checkpoint.TryParse(text, out var checkpoint), Is.True);
        Assert.That(checkpoint!.Format(), Is.EqualTo(text));
    }

    [TestCase("", TestName = "nothing")]
    [TestCase("\n", TestName = "an empty line")]
    [TestCase($"o\n1\n{Root}", TestName = "no newline at the end")]
    [TestCase("o\n1\n", TestName = "no root")]
    [TestCase($"\n1\n{Root}\n", TestName = "no origin")]
    [TestCase($"o\n\n{Root}\n", TestName = "no size")]
    [TestCase($"o\n01\n{Root}\n", TestName = "a leading zero")]
    [TestCase($"o\n+1\n{Root}\n", TestName = "a plus sign")]
    [TestCase($"o\n-1\n{Root}\n", TestName = "less than nothing")]
    [TestCase($"o\n 1\n{Root}\n", TestName = "a space before the size")]
    [TestCase($"o\n1 \n{Root}\n", TestName = "a space after the size")]
    [TestCase($"o\n1\0\n{Root}\n", TestName = "a NUL after the size")]
    [TestCase($"o\n1e3\n{Root}\n", TestName = "an exponent")]
    [TestCase($"o\n0x1\n{Root}\n", TestName = "hexadecimal")]
    [TestCase($"o\n\u0661\n{Root}\n", TestName = "an Arabic digit")]
    [TestCase($"o\n9223372036854775808\n{Root}\n", TestName = "more than there can be")]
    [TestCase($"o\n0\n{Root}\n", TestName = "no leaves and another root")]
    [TestCase("o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n", TestName = "no padding")]
    [TestCase("o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", TestName = "bits left over")]
    [TestCase("o\n1\nCsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=\n", TestName = "base64url")]
    [TestCase($"o\n1\n {Root}\n", TestName = "a space before the root")]
    [TestCase("o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n", TestName = "31 bytes")]
    [TestCase($"o\r\n1\r\n{Root}\r\n", TestName = "carriage returns")]
    [TestCase($"o\t\n1\n{Root}\n", TestName = "a tab")]
    [TestCase($"o\n1\n{Root}\n\n", TestName = "an empty extension")]
    [TestCase($"o\n1\n{Root}\nx\n\ny\n", TestName = "an empty extension among others")]
    [TestCase($"o\n1\n{Root}\nx\r\n", TestName = "a carriage return in an extension")]
    public void Anything_else_is_refused(string text) => Assert.That(Checkpoint.TryParse(text, out _), Is.False);

    /// <summary>In no attribute: those are kept as UTF-8, which cannot say it.</summary>
    [Test]
    public void Half_a_pair_is_refused() => Assert.That(Checkpoint.TryParse($"o\ud800\n1\n{Root}\n", out _), Is.False);

    [Test]
    public void What_is_too_long_is_refused()
    {
        var room = Checkpoint.MaximumLength - Printed.Length - 1;
        Assert.That(Checkpoint.TryParse($"{Printed}{new string('x', room)}\n", out _), Is.True);
        Assert.That(Checkpoint.TryParse($"{Printed}{new string('x', room + 1)}\n", out _), Is.False);
    }

    [Test]
    public void One_that_would_read_back_as_another_is_not_made()
    {
        var root = Convert.FromBase64String(Root);
        Assert.Multiple(() =>
        {
            Assert.That(() => new Checkpoint("mine\n9", 1, root), Throws.ArgumentException);
            Assert.That(() => new Checkpoint("", 1, root), Throws.ArgumentException);
            Assert.That(() => new Checkpoint("mine", -1, root), Throws.ArgumentException);
            Assert.That(() => new Checkpoint("mine", 0, root), Throws.ArgumentException);
            Assert.That(() => new Checkpoint("mine", 1, root.AsSpan(1)), Throws.ArgumentException);
            Assert.That(() => new Checkpoint("mine", 1, root, "a\nb"), Throws.ArgumentException);
            Assert.That(() => new Checkpoint("mine", 1, root, ""), Throws.ArgumentException);
            Assert.That(() => new Checkpoint("mine", 1, root, new string('x', Checkpoint.MaximumLength)), Throws.ArgumentException);
        });
    }
}
