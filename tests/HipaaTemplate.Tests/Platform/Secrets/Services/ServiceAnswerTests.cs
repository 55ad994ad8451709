using System.Buffers;
using System.Text;
using System.Text.Json;
using HipaaTemplate.Platform.Secrets.Services;

namespace HipaaTemplate.Tests.Platform.Secrets.Services;

/// <summary>Answers of a service are read without believing that they are what they should be.</summary>
internal sealed class ServiceAnswerTests
{
    private const int Length = 4096;

    [TestCase("")]
    [TestCase("<html></html>")]
    [TestCase("""{"a":1,"a":2}""")]
    [TestCase("""{"a":1} {}""")]
    [TestCase("""{"a":1""")]
    [TestCase("""[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]""")]
    public void What_is_no_JSON_or_means_two_things_holds_nothing(string body)
    {
        using var answer = Answer(body);
        Assert.That(answer.IsObject, Is.False);
        Assert.That(answer.At("a").ValueKind, Is.EqualTo(JsonValueKind.Undefined));
        Assert.That(answer.BytesAt("a"), Is.Null);
    }

    [TestCase("""{"data":{"key":"AQID"}}""", true)]
    [TestCase("""{"data":{"key":"AQI"}}""", false)]
    [TestCase("""{"data":{"key":"\ud800"}}""", false)]
    [TestCase("""{"data":{"key":3}}""", false)]
    [TestCase("""{"data":"key"}""", false)]
    [TestCase("""{"data":null}""", false)]
    public void Bytes_are_base64_text_at_their_place(string body, bool found)
    {
        using var answer = Answer(body);
        Assert.That(answer.BytesAt("data", "key"), found ? Is.EqualTo(new byte[] { 1, 2, 3 }) : Is.Null);
    }

    [Test]
    public void Disposed_of_twice_its_bytes_are_given_back_once()
    {
        var answer = Answer("{}");
        answer.Dispose();
        answer.Dispose();
        var one = ArrayPool<byte>.Shared.Rent(Length);
        var two = ArrayPool<byte>.Shared.Rent(Length);
        Assert.That(one, Is.Not.SameAs(two));
    }

    private static ServiceAnswer Answer(string body)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Length);
        return new ServiceAnswer(200, buffer, Encoding.UTF8.GetBytes(body, buffer));
    }
}
