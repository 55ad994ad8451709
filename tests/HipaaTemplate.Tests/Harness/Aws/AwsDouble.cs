using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace HipaaTemplate.Tests.Harness.Aws;

/// <summary>
/// AWS as far as this API speaks with it: KMS and Secrets Manager (JSON 1.1), STS (query and XML) and the
/// endpoint where containers get credentials, on one port. Every signature is verified; what AWS refuses is
/// refused in AWS's words; every way to fail can be had on demand; every call is kept.
/// </summary>
internal sealed class AwsDouble : IAsyncDisposable
{
    public const string Region = "eu-central-1";
    public const string Account = "111122223333";
    private const string ContainerPath = "/container/credentials";

    private static readonly Dictionary<SignatureProblem, (string Json, string Query)> SignatureErrors = new()
    {
        [SignatureProblem.Missing] = ("MissingAuthenticationTokenException", "MissingAuthenticationToken"),
        [SignatureProblem.Incomplete] = ("IncompleteSignatureException", "IncompleteSignature"),
        [SignatureProblem.UnknownKey] = ("UnrecognizedClientException", "InvalidClientTokenId"),
        [SignatureProblem.WrongToken] = ("UnrecognizedClientException", "InvalidClientTokenId"),
        [SignatureProblem.Expired] = ("ExpiredTokenException", "ExpiredToken"),
        [SignatureProblem.WrongScope] = ("InvalidSignatureException", "SignatureDoesNotMatch"),
        [SignatureProblem.Skewed] = ("InvalidSignatureException", "SignatureDoesNotMatch"),
        [SignatureProblem.WrongPayload] = ("InvalidSignatureException", "SignatureDoesNotMatch"),
        [SignatureProblem.WrongSignature] = ("InvalidSignatureException", "SignatureDoesNotMatch"),
    };

    private readonly WebApplication host;
    private readonly ClosablePort port;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<string, AwsCredential> credentials = new();
    private readonly ConcurrentQueue<RecordedCall> calls = new();
    private KeyServiceFault? fault;
    private int faultsLeft;

    private AwsDouble(WebApplication host, TimeProvider time)
    {
        this.host = host;
        this.time = time;
        port = new ClosablePort(new Uri(host.Urls.Single()).Port);
        Kms = new KmsDouble(time);
        Secrets = new SecretsDouble(time);
        Sts = new StsDouble(this);
        S3 = new S3Double(time);
    }

    public Uri Address => new($"http://127.0.0.1:{port.Port}");

    /// <summary>Where AWS_CONTAINER_CREDENTIALS_FULL_URI leads.</summary>
    public Uri ContainerAddress => new(Address, ContainerPath);

    /// <summary>What the container shows there.</summary>
    public string ContainerToken { get; } = Random("token-");

    /// <summary>Whose credentials a container gets.</summary>
    public string ContainerPrincipal { get; } = $"arn:aws:sts::{Account}:assumed-role/task/0123";

    public KmsDouble Kms { get; }

    public SecretsDouble Secrets { get; }

    public StsDouble Sts { get; }

    public S3Double S3 { get; }

    public IReadOnlyList<RecordedCall> Calls => [.. calls];

    /// <summary>Every secret that it ever gave to somebody.</summary>
    public IReadOnlyList<string> SecretTexts =>
        [.. credentials.Values.SelectMany(one => new[] { one.AccessKeyId, one.SecretAccessKey, one.SessionToken }).OfType<string>()];

    /// <summary>The status of a page that is no answer of the service.</summary>
    public int PageStatus { get; set; } = StatusCodes.Status200OK;

    /// <summary>While set: operation; what it is refused with, null for not at all.</summary>
    public Func<string, AwsRefusal?>? Refuse { get; set; }

    /// <summary>While set: operation, and its answer to be spoilt.</summary>
    public Action<string, JsonObject>? Alter { get; set; }

    public static async Task<AwsDouble> StartAsync(TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        AwsDouble? aws = null;
        app.Run(context => aws!.AnswerAsync(context));
        await app.StartAsync();
        aws = new AwsDouble(app, time ?? TimeProvider.System);
        return aws;
    }

    /// <summary>A user with keys that do not expire.</summary>
    public AwsCredential NewUser(string name) => Add(new AwsCredential(
        Random("AKIA"), Random(""), SessionToken: null, $"arn:aws:iam::{Account}:user/{name}", Expires: null));

    /// <summary>Temporary credentials: they are believed with their token only, and for as long as they last.</summary>
    public AwsCredential NewSession(string principal, TimeSpan lasts) => Add(new AwsCredential(
        Random("ASIA"), Random(""), Random("session-"), principal, time.GetUtcNow() + lasts));

    public void Revoke(AwsCredential credential) => credentials.TryRemove(credential.AccessKeyId, out _);

    /// <param name="times">After so many calls it works again. Not for credentials: those have their own.</param>
    public void Fail(KeyServiceFault? with, int times = int.MaxValue)
    {
        fault = with;
        faultsLeft = times;
        if (with == KeyServiceFault.Down)
        {
            port.Close();
        }
        else
        {
            port.Open();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await port.DisposeAsync();
        await host.DisposeAsync();
        Kms.Dispose();
    }

    private static string Random(string prefix) => prefix + Convert.ToHexString(RandomNumberGenerator.GetBytes(16));

    private AwsCredential Add(AwsCredential credential) => credentials[credential.AccessKeyId] = credential;

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var request = new WireRequest(
            context.Request.Method,
            context.Features.Get<IHttpRequestFeature>()!.RawTarget,
            [.. context.Request.Headers.SelectMany(header => header.Value, (header, value) => KeyValuePair.Create(header.Key, value ?? ""))],
            body.ToArray());
        if (request.Path == ContainerPath)
        {
            await AnswerContainerAsync(context, request);
            return;
        }

        if (request.Header("Authorization")?.Contains("/s3/", StringComparison.Ordinal) == true)
        {
            await AnswerS3Async(context, request);
            return;
        }

        var (service, operation) = Asked(request);
        var isQuery = service == "sts";
        var failing = isQuery ? null : TakeFault();
        AwsCredential? signer = null;
        string? error = null;
        byte[] answer;
        try
        {
            signer = operation == "AssumeRoleWithWebIdentity" ? null : Signer(request, service, isQuery);
            if (Refuse?.Invoke(operation) is { } refusal)
            {
                throw refusal;
            }

            switch (failing)
            {
                case KeyServiceFault.Throttled: throw new AwsRefusal("ThrottlingException", "Rate exceeded");
                case KeyServiceFault.ServerError: throw new AwsRefusal(
                    service == "kms" ? "KMSInternalException" : "InternalServiceError", "", StatusCodes.Status500InternalServerError);
            }

            answer = isQuery
                ? Encoding.UTF8.GetBytes(Sts.Handle(operation, request, signer))
                : Encoding.UTF8.GetBytes(Json(service, operation, request, signer!.Principal, failing).ToJsonString());
        }
        catch (AwsRefusal refused)
        {
            error = refused.Type;
            context.Response.StatusCode = refused.Status;
            answer = isQuery ? StsDouble.Error(refused) : JsonError(refused);
        }

        calls.Enqueue(new RecordedCall(service, operation, signer?.Principal, Contexts(request, isQuery), request.Body, answer, error));
        context.Response.Headers["x-amzn-RequestId"] = Guid.CreateVersion7().ToString();
        context.Response.ContentType = isQuery ? "text/xml" : "application/x-amz-json-1.1";
        await SendAsync(context, answer, failing);
    }

    private async Task AnswerS3Async(HttpContext context, WireRequest request)
    {
        var failing = TakeFault();
        AwsCredential? signer = null;
        S3Answer answer;
        try
        {
            var verdict = new SigV4Verifier(Region, "s3", credentials.GetValueOrDefault, time) { NormalizesPath = false }.Verify(request);
            signer = verdict.Problem is { } problem
                ? throw new AwsRefusal(problem == SignatureProblem.UnknownKey ? "InvalidAccessKeyId" : "SignatureDoesNotMatch", $"{problem}", StatusCodes.Status403Forbidden)
                : verdict.Signer;
            answer = failing switch
            {
                KeyServiceFault.Throttled => throw new AwsRefusal("SlowDown", "Please reduce your request rate.", StatusCodes.Status503ServiceUnavailable),
                KeyServiceFault.ServerError => throw new AwsRefusal("InternalError", "We encountered an internal error.", StatusCodes.Status500InternalServerError),
                _ => S3.Handle(request),
            };
        }
        catch (AwsRefusal refused)
        {
            answer = new S3Answer(refused.Status, S3Double.Error(refused));
        }

        calls.Enqueue(new RecordedCall(
            "s3", request.Method, signer?.Principal, new Dictionary<string, string>(), request.Body, answer.Body, answer.Status < 300 ? null : $"{answer.Status}"));
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = "application/xml";
        await SendAsync(context, answer.Body, failing);
    }

    private async Task SendAsync(HttpContext context, byte[] answer, KeyServiceFault? failing)
    {
        switch (failing)
        {
            case KeyServiceFault.Hang:
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                return;
            case KeyServiceFault.Reset:
                context.Abort();
                return;
            case KeyServiceFault.ResetMidBody:
                context.Response.ContentLength = answer.Length;
                await context.Response.Body.WriteAsync(answer.AsMemory(0, answer.Length / 2));
                await context.Response.Body.FlushAsync();
                context.Abort();
                return;
            case KeyServiceFault.NotJson:
                context.Response.StatusCode = PageStatus;
                context.Response.ContentType = "text/html";
                await context.Response.WriteAsync("<!doctype html><title>Sign in to the network</title>");
                return;
            default:
                await context.Response.Body.WriteAsync(answer);
                return;
        }
    }

    private KeyServiceFault? TakeFault() => fault is { } current && Interlocked.Decrement(ref faultsLeft) >= 0 ? current : null;

    private static (string Service, string Operation) Asked(WireRequest request) =>
        request.Header("X-Amz-Target")?.Split('.') switch
        {
            ["TrentService", var operation] => ("kms", operation),
            ["secretsmanager", var operation] => ("secretsmanager", operation),
            null => ("sts", StsDouble.Form(request).GetValueOrDefault("Action", "")),
            _ => ("", ""),
        };

    private AwsCredential Signer(WireRequest request, string service, bool isQuery)
    {
        var verdict = new SigV4Verifier(Region, service, credentials.GetValueOrDefault, time).Verify(request);
        if (verdict.Problem is { } problem)
        {
            var (json, query) = SignatureErrors[problem];
            throw new AwsRefusal(
                isQuery ? query : json, $"The request is not signed as it must be ({problem}).",
                isQuery ? StatusCodes.Status403Forbidden : StatusCodes.Status400BadRequest);
        }

        return verdict.Signer!;
    }

    private JsonObject Json(string service, string operation, WireRequest request, string principal, KeyServiceFault? failing)
    {
        JsonObject input;
        try
        {
            input = JsonNode.Parse(request.Body)!.AsObject();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new AwsRefusal("SerializationException", "");
        }

        var answer = service switch
        {
            "kms" => Kms.Handle(operation, input, principal, failing),
            "secretsmanager" => Secrets.Handle(operation, input, principal),
            _ => throw new AwsRefusal("UnknownOperationException", ""),
        };
        Alter?.Invoke(operation, answer);
        return answer;
    }

    private static byte[] JsonError(AwsRefusal refusal) => Encoding.UTF8.GetBytes(
        new JsonObject { ["__type"] = refusal.Type, [refusal.Type == "AccessDeniedException" ? "Message" : "message"] = refusal.Message }.ToJsonString());

    private static Dictionary<string, string> Contexts(WireRequest request, bool isQuery)
    {
        try
        {
            var input = isQuery ? null : JsonNode.Parse(request.Body) as JsonObject;
            return KmsDouble.Context(input?["EncryptionContext"] ?? input?["SourceEncryptionContext"]);
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>ECS and EKS: the SDK's GenericContainerCredentials.</summary>
    private async Task AnswerContainerAsync(HttpContext context, WireRequest request)
    {
        var isKnown = request.Header("Authorization") == ContainerToken;
        calls.Enqueue(new RecordedCall("container", "GetCredentials", isKnown ? ContainerPrincipal : null, new Dictionary<string, string>(), [], [], isKnown ? null : "401"));
        if (!isKnown)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        var session = NewSession(ContainerPrincipal, TimeSpan.FromHours(6));
        await context.Response.WriteAsJsonAsync(new Dictionary<string, string>
        {
            ["RoleArn"] = $"arn:aws:iam::{Account}:role/task",
            ["AccessKeyId"] = session.AccessKeyId,
            ["SecretAccessKey"] = session.SecretAccessKey,
            ["Token"] = session.SessionToken!,
            ["Expiration"] = session.Expires!.Value.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
        });
    }
}

internal static class AwsCredentialExtensions
{
    /// <summary>As the SDK takes them.</summary>
    public static AWSCredentials ForSdk(this AwsCredential credential) => credential.SessionToken is { } token
        ? new SessionAWSCredentials(credential.AccessKeyId, credential.SecretAccessKey, token)
        : new BasicAWSCredentials(credential.AccessKeyId, credential.SecretAccessKey);
}
