using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HipaaTemplate.Tests.Harness.Aws;

/// <summary>Who signs, with what.</summary>
/// <param name="SessionToken">Of temporary credentials; without it they are worth nothing.</param>
/// <param name="Expires">Null: until they are taken away.</param>
internal sealed record AwsCredential(
    string AccessKeyId, string SecretAccessKey, string? SessionToken, string Principal, DateTimeOffset? Expires)
{
    /// <summary>Not the record's own: no secret in the output of a test.</summary>
    public override string ToString() => Principal;
}

internal enum SignatureProblem
{
    Missing,
    Incomplete,
    UnknownKey,
    WrongToken,
    Expired,
    WrongScope,
    Skewed,
    WrongPayload,
    WrongSignature,
}

/// <summary>What a service makes of the signature of a request.</summary>
internal sealed record SignatureVerdict(
    AwsCredential? Signer, SignatureProblem? Problem, string CanonicalRequest = "", string StringToSign = "", string Signature = "");

/// <summary>Verifies Signature Version 4 in the header or in the query, as strictly as AWS does.</summary>
internal sealed class SigV4Verifier(string region, string service, Func<string, AwsCredential?> find, TimeProvider time)
{
    private const string DateFormat = "yyyyMMdd'T'HHmmss'Z'";
    private static readonly TimeSpan MostSkew = TimeSpan.FromMinutes(5);

    /// <summary>False for S3, which signs a path as it is.</summary>
    public bool NormalizesPath { get; init; } = true;

    /// <summary>False for the few services that take the session token unsigned.</summary>
    public bool TokenIsSigned { get; init; } = true;

    public SignatureVerdict Verify(WireRequest request)
    {
        var signature = request.Header("Authorization") is { } header ? FromHeader(request, header) : FromQuery(request);
        if (signature is null)
        {
            return new(null, SignatureProblem.Missing);
        }

        if (signature.Credential.Split('/') is not [var keyId, var day, var signedRegion, var signedService, SigV4.Terminator]
            || !DateTimeOffset.TryParseExact(
                signature.Date, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var signedAt)
            || !signature.SignedHeaders.Contains("host")
            || !signature.SignedHeaders.SequenceEqual(signature.SignedHeaders.Order(StringComparer.Ordinal)))
        {
            return new(null, SignatureProblem.Incomplete);
        }

        if (find(keyId) is not { } signer)
        {
            return new(null, SignatureProblem.UnknownKey);
        }

        var scope = $"{day}/{signedRegion}/{signedService}/{SigV4.Terminator}";
        var canonical = SigV4.CanonicalRequest(request, signature.SignedHeaders, PayloadHash(request), signature.LeaveOut, NormalizesPath);
        var toSign = SigV4.StringToSign(signature.Date, scope, canonical);
        var expected = SigV4.Signature(signer.SecretAccessKey, scope, toSign);
        return new(signer, Problem(), canonical, toSign, expected);

        SignatureProblem? Problem() => this switch
        {
            _ when !string.Equals(signature.Token, signer.SessionToken, StringComparison.Ordinal) => SignatureProblem.WrongToken,
            _ when signedRegion != region || signedService != service || !signature.Date.StartsWith(day, StringComparison.Ordinal) =>
                SignatureProblem.WrongScope,
            _ when !IsTimely(signedAt, signature.ValidFor) => SignatureProblem.Skewed,
            _ when HasWrongPayload(request, signature) => SignatureProblem.WrongPayload,
            _ when HasUnsigned(request, signature) => SignatureProblem.WrongSignature,
            _ when !CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(expected), Encoding.ASCII.GetBytes(signature.Value)) => SignatureProblem.WrongSignature,
            _ when signer.Expires <= time.GetUtcNow() => SignatureProblem.Expired,
            _ => null,
        };
    }

    private bool IsTimely(DateTimeOffset signedAt, TimeSpan? validFor)
    {
        var age = time.GetUtcNow() - signedAt;
        return age >= -MostSkew && age <= (validFor ?? MostSkew);
    }

    private static string PayloadHash(WireRequest request) => SigV4.Hex(SHA256.HashData(request.Body));

    /// <summary>What the caller says of the body is compared with the body, never believed.</summary>
    private static bool HasWrongPayload(WireRequest request, StatedSignature signature) =>
        request.Header("x-amz-content-sha256") is { } stated
        && (stated != PayloadHash(request) || (!signature.IsInQuery && !signature.SignedHeaders.Contains("x-amz-content-sha256")));

    /// <summary>A header of AWS that was added on the way.</summary>
    private bool HasUnsigned(WireRequest request, StatedSignature signature) => request.Headers
        .Select(header => header.Key.ToLowerInvariant())
        .Where(name => name.StartsWith("x-amz-", StringComparison.Ordinal))
        .Where(name => name != "x-amz-security-token" || TokenIsSigned)
        .Any(name => !signature.SignedHeaders.Contains(name));

    private static StatedSignature? FromHeader(WireRequest request, string header)
    {
        if (!header.StartsWith(SigV4.Algorithm + " ", StringComparison.Ordinal))
        {
            return null;
        }

        var parts = header[SigV4.Algorithm.Length..].Split(',').Select(part => part.Trim().Split('=', 2))
            .Where(part => part.Length == 2).ToDictionary(part => part[0], part => part[1]);
        return new StatedSignature(
            parts.GetValueOrDefault("Credential", ""),
            parts.GetValueOrDefault("SignedHeaders", "").Split(';'),
            parts.GetValueOrDefault("Signature", ""),
            request.Header("X-Amz-Date") ?? "",
            request.Header("X-Amz-Security-Token"),
            ValidFor: null,
            LeaveOut: []);
    }

    private StatedSignature? FromQuery(WireRequest request)
    {
        var query = request.Query.Split('&').Select(part => part.Split('=', 2)).Where(part => part.Length == 2)
            .DistinctBy(part => part[0]).ToDictionary(part => part[0], part => Uri.UnescapeDataString(part[1]));
        if (query.GetValueOrDefault("X-Amz-Algorithm") != SigV4.Algorithm)
        {
            return null;
        }

        string[] unsigned = TokenIsSigned ? ["X-Amz-Signature"] : ["X-Amz-Signature", "X-Amz-Security-Token"];
        return new StatedSignature(
            query.GetValueOrDefault("X-Amz-Credential", ""),
            query.GetValueOrDefault("X-Amz-SignedHeaders", "").Split(';'),
            query.GetValueOrDefault("X-Amz-Signature", ""),
            query.GetValueOrDefault("X-Amz-Date", ""),
            query.GetValueOrDefault("X-Amz-Security-Token"),
            TimeSpan.FromSeconds(int.TryParse(query.GetValueOrDefault("X-Amz-Expires"), out var seconds) ? seconds : 0),
            unsigned);
    }

    private sealed record StatedSignature(
        string Credential, IReadOnlyList<string> SignedHeaders, string Value, string Date, string? Token, TimeSpan? ValidFor,
        IReadOnlyCollection<string> LeaveOut)
    {
        public bool IsInQuery => ValidFor is not null;
    }
}
