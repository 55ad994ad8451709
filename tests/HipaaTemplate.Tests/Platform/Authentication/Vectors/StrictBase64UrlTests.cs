using System.Buffers.Text;
using System.Security.Cryptography;
using HipaaTemplate.Platform.Authentication.Keys;

namespace HipaaTemplate.Tests.Platform.Authentication.Vectors;

/// <summary>base64url has one spelling for each value, and every other one is refused: each possible end is tried.</summary>
internal sealed class StrictBase64UrlTests
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    [TestCase("")]
    [TestCase("AAAA")]
    [TestCase("_-_-")]
    public void One_letter_over_is_no_byte(string before) =>
        Assert.That(Alphabet.Where(letter => IsTaken(before + letter)), Is.Empty);

    [TestCase("")]
    [TestCase("AAAA")]
    [TestCase("_-_-")]
    public void Two_letters_over_are_one_byte_in_one_spelling(string before) => ShouldBeOneSpellingEach(
        before, from a in Alphabet from b in Alphabet select $"{a}{b}", values: 256);

    [TestCase("")]
    [TestCase("AAAA")]
    [TestCase("_-_-")]
    public void Three_letters_over_are_two_bytes_in_one_spelling(string before) => ShouldBeOneSpellingEach(
        before, from a in Alphabet from b in Alphabet from c in Alphabet select $"{a}{b}{c}", values: 65_536);

    [Test]
    public void Only_the_letters_of_the_alphabet_are_taken_wherever_they_stand()
    {
        // Padding, white space, the + and / of the other alphabet, NUL, letters of full width: all of 16 bits.
        for (var place = 0; place < 4; place++)
        {
            var taken = from code in Enumerable.Range(0, 65_536)
                        let text = "AAAA".Remove(place, 1).Insert(place, ((char)code).ToString())
                        where IsTaken(text)
                        select (char)code;
            Assert.That(taken, Is.EquivalentTo(Alphabet), $"at {place}");
        }
    }

    [TestCase("Zg==")]
    [TestCase("Zg=")]
    [TestCase("Zm8=")]
    [TestCase("Zm9v=")]
    [TestCase("Zm9v====")]
    [TestCase("=")]
    [TestCase(" Zm9v")]
    [TestCase("Zm9v ")]
    [TestCase("Zm 9v")]
    [TestCase("Zm9v\n")]
    [TestCase("Zm\r\n9v")]
    [TestCase("\tZm9v")]
    [TestCase("Zm9v\0")]
    [TestCase("+/+/")]
    [TestCase("Zm9v.Zm9v")]
    [TestCase("\uff3am9v")]
    [TestCase("%5am9v")]
    public void Padding_white_space_and_other_alphabets_are_refused(string text) => Assert.That(IsTaken(text), Is.False);

    [Test]
    public void What_was_encoded_comes_back()
    {
        for (var length = 0; length <= 300; length++)
        {
            var bytes = RandomNumberGenerator.GetBytes(length);
            var text = Base64Url.EncodeToString(bytes);

            Assert.That(StrictBase64Url.TryDecode(text, out var decoded), Is.True, text);
            Assert.That(decoded, Is.EqualTo(bytes), text);
        }
    }

    private static void ShouldBeOneSpellingEach(string before, IEnumerable<string> ends, int values)
    {
        HashSet<string> seen = [];
        List<string> wrong = [];
        foreach (var text in ends.Select(end => before + end))
        {
            if (StrictBase64Url.TryDecode(text, out var bytes)
                && !(seen.Add(Convert.ToHexString(bytes)) && Base64Url.EncodeToString(bytes) == text))
            {
                wrong.Add(text);
            }
        }

        Assert.That(wrong, Is.Empty);
        Assert.That(seen, Has.Count.EqualTo(values));
    }

    private static bool IsTaken(string text) => StrictBase64Url.TryDecode(text, out _);
}
