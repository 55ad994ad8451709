using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using HipaaTemplate.Tests.Harness.Aws;
using HipaaTemplate.Tests.Platform.Authentication.Vectors;

namespace HipaaTemplate.Tests.Platform.Aws;

/// <summary>The doubles believe a signature when this verifier does; so it is held to AWS's own suite, and to what AWS refuses.</summary>
internal sealed class SigV4VerifierTests
{
    private const string Set = "sigv4";
    private const int Cases = 38;
    private const string Region = "us-east-1";
    private const string Service = "service";

    /// <summary>Changes after which a request is no longer the one that was signed.</summary>
    private static IEnumerable<TestCaseData> Changes =>
    [
        Change("another method", request => request with { Method = "PUT" }, SignatureProblem.WrongSignature),
        Change("another path", request => request with { Target = "/other" }, SignatureProblem.WrongSignature),
        Change("a parameter more", request => request with { Target = "/?a=b" }, SignatureProblem.WrongSignature),
        Change("another host", request => With(request, "Host", "other.example"), SignatureProblem.WrongSignature),
        Change("another body", request => request with { Body = "other"u8.ToArray() }, SignatureProblem.WrongSignature),
        Change("a hash of another body", request => With(request, "x-amz-content-sha256", new string('0', 64)), SignatureProblem.WrongPayload),
        Change("a header of AWS that is not signed", request => With(request, "X-Amz-Target", "TrentService.Decrypt"), SignatureProblem.WrongSignature),
        Change("a date of another day", request => With(request, "X-Amz-Date", "20150831T000000Z"), SignatureProblem.WrongScope),
        Change("a session token that nobody gave out", request => With(request, "X-Amz-Security-Token", "x"), SignatureProblem.WrongToken),
        Change("no signature", request => With(request, "Authorization", null), SignatureProblem.Missing),
        Change("another kind of signature", request => With(request, "Authorization", "Bearer x"), SignatureProblem.Missing),
        Change("a signature without its parts", request => With(request, "Authorization", "AWS4-HMAC-SHA256 Signature=x"), SignatureProblem.Incomplete),
    ];

    [Test]
    public void It_agrees_with_every_case_of_the_suite()
    {
        var folder = Path.Combine(VectorFolder.Of(Set, Cases), "tests", "aws-signing-test-suite", "v4");
        var names = Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)!).Order().ToList();
        var agreed = names.Sum(name => Agrees(Path.Combine(folder, name), "header") + Agrees(Path.Combine(folder, name), "query"));
        TestContext.Progress.WriteLine(
            $"{Set}: {names.Count} cases, {agreed} of {names.Count * 2} signed requests verified with their canonical request, string to sign and signature.");
        Assert.Multiple(() =>
        {
            Assert.That(names, Has.Count.EqualTo(Cases));
            Assert.That(agreed, Is.EqualTo(Cases * 2));
        });
    }

    [TestCaseSource(nameof(Changes))]
    public void A_request_is_refused_that_came_with(Func<WireRequest, WireRequest> change, SignatureProblem problem)
    {
        var (verifier, request, _) = Signed();
        Assert.That(verifier.Verify(request).Problem, Is.Null);
        Assert.That(verifier.Verify(change(request)).Problem, Is.EqualTo(problem));
    }

    [TestCase(-301, true)]
    [TestCase(-300, false)]
    [TestCase(300, false)]
    [TestCase(301, true)]
    public void A_clock_may_be_five_minutes_off_and_no_more(int seconds, bool isRefused)
    {
        var (verifier, request, time) = Signed();
        time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.That(verifier.Verify(request).Problem, Is.EqualTo(isRefused ? SignatureProblem.Skewed : null));
    }

    [TestCase("eu-central-1", Service)]
    [TestCase(Region, "kms")]
    public void A_signature_for_another_region_or_service_is_refused(string region, string service)
    {
        var (_, request, time) = Signed();
        var verifier = new SigV4Verifier(region, service, _ => Credential(), time);
        Assert.That(verifier.Verify(request).Problem, Is.EqualTo(SignatureProblem.WrongScope));
    }

    [Test]
    public void Temporary_credentials_need_their_token_and_end()
    {
        var time = new ManualTime();
        var session = new AwsCredential("key", "secret", "token", "somebody", time.GetUtcNow().AddMinutes(2));
        var verifier = new SigV4Verifier(Region, Service, _ => session, time);
        var request = Sign(session, time);
        Assert.That(verifier.Verify(request).Problem, Is.Null);
        Assert.That(verifier.Verify(With(request, "X-Amz-Security-Token", null)).Problem, Is.EqualTo(SignatureProblem.WrongToken));
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.That(verifier.Verify(request).Problem, Is.EqualTo(SignatureProblem.Expired));
    }

    [Test]
    public void A_key_that_nobody_has_and_a_secret_that_is_another_are_refused()
    {
        var (_, request, time) = Signed();
        Assert.That(
            new SigV4Verifier(Region, Service, _ => null, time).Verify(request).Problem, Is.EqualTo(SignatureProblem.UnknownKey));
        Assert.That(
            new SigV4Verifier(Region, Service, _ => Credential() with { SecretAccessKey = "other" }, time).Verify(request).Problem,
            Is.EqualTo(SignatureProblem.WrongSignature));
    }

    private static int Agrees(string folder, string form)
    {
        var context = JsonNode.Parse(Read(folder, "context.json"))!;
        var given = context["credentials"]!;
        var credential = new AwsCredential(
            (string)given["access_key_id"]!, (string)given["secret_access_key"]!, (string?)given["token"], "the suite", Expires: null);
        var verifier = new SigV4Verifier(
            (string)context["region"]!, (string)context["service"]!, id => id == credential.AccessKeyId ? credential : null,
            At(DateTimeOffset.Parse((string)context["timestamp"]!, CultureInfo.InvariantCulture)))
        {
            NormalizesPath = (bool)context["normalize"]!,
            TokenIsSigned = (bool?)context["omit_session_token"] != true,
        };
        var verdict = verifier.Verify(Request(Read(folder, $"{form}-signed-request.txt")));
        var name = $"{Path.GetFileName(folder)}, {form}";
        Assert.That(verdict.CanonicalRequest, Is.EqualTo(Read(folder, $"{form}-canonical-request.txt")), name);
        Assert.That(verdict.StringToSign, Is.EqualTo(Read(folder, $"{form}-string-to-sign.txt")), name);
        Assert.That(verdict.Signature, Is.EqualTo(Read(folder, $"{form}-signature.txt")), name);
        Assert.That(verdict.Problem, Is.Null, name);
        return 1;
    }

    /// <summary>Headers may go on in a next line that begins with a space; a target may hold one.</summary>
    private static WireRequest Request(string text)
    {
        var parts = text.Split("\n\n", 2);
        var lines = parts[0].Split('\n');
        List<KeyValuePair<string, string>> headers = [];
        foreach (var line in lines[1..].Where(line => line.Length > 0))
        {
            if (char.IsWhiteSpace(line[0]))
            {
                headers[^1] = new(headers[^1].Key, headers[^1].Value + "\n" + line);
            }
            else
            {
                var header = line.Split(':', 2);
                headers.Add(new(header[0], header[1]));
            }
        }

        var request = lines[0];
        var method = request[..request.IndexOf(' ', StringComparison.Ordinal)];
        var target = request[(method.Length + 1)..request.LastIndexOf(' ')];
        return new WireRequest(method, target, headers, Encoding.UTF8.GetBytes(parts.Length > 1 ? parts[1] : ""));
    }

    private static string Read(string folder, string file) => File.ReadAllText(Path.Combine(folder, file)).ReplaceLineEndings("\n");

    private static ManualTime At(DateTimeOffset moment)
    {
        var time = new ManualTime();
        time.Advance(moment - time.GetUtcNow());
        return time;
    }

    private static AwsCredential Credential() => new("key", "secret", SessionToken: null, "somebody", Expires: null);

    private static (SigV4Verifier Verifier, WireRequest Request, ManualTime Time) Signed()
    {
        var time = At(new DateTimeOffset(2015, 8, 30, 12, 36, 0, TimeSpan.Zero));
        return (new SigV4Verifier(Region, Service, id => id == "key" ? Credential() : null, time), Sign(Credential(), time), time);
    }

    private static WireRequest Sign(AwsCredential credential, TimeProvider time)
    {
        var date = time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var scope = $"{date[..8]}/{Region}/{Service}/{SigV4.Terminator}";
        var request = new WireRequest("POST", "/", [new("Host", "service.example"), new("X-Amz-Date", date)], "{}"u8.ToArray());
        List<string> signed = ["host", "x-amz-date"];
        if (credential.SessionToken is { } token)
        {
            request = With(request, "X-Amz-Security-Token", token);
            signed.Add("x-amz-security-token");
        }

        var canonical = SigV4.CanonicalRequest(
            request, signed, SigV4.Hex(System.Security.Cryptography.SHA256.HashData(request.Body)), leaveOut: [], normalize: true);
        var signature = SigV4.Signature(credential.SecretAccessKey, scope, SigV4.StringToSign(date, scope, canonical));
        return With(
            request, "Authorization",
            $"{SigV4.Algorithm} Credential={credential.AccessKeyId}/{scope}, SignedHeaders={string.Join(';', signed)}, Signature={signature}");
    }

    private static WireRequest With(WireRequest request, string name, string? value)
    {
        var others = request.Headers.Where(header => !header.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
        return request with { Headers = value is null ? [.. others] : [.. others, new(name, value)] };
    }

    private static TestCaseData Change(string name, Func<WireRequest, WireRequest> change, SignatureProblem problem) =>
        new TestCaseData(change, problem).SetArgDisplayNames(name);
}
