using System.Globalization;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Secrets.Services;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Secrets.Akeyless;

/// <summary>
/// The Akeyless API (v2) with an API key: one authentication for however many call, repeated before its token
/// ends and when it is no good any more.
/// </summary>
internal sealed partial class AkeylessClient : IDisposable
{
    /// <summary>For an answer that does not say when the token ends.</summary>
    private static readonly TimeSpan Unstated = TimeSpan.FromMinutes(10);

    private readonly AkeylessSettings settings;
    private readonly TimeProvider time;
    private readonly ILogger<AkeylessClient> logger;
    private readonly JsonService service;
    private readonly Leased<Token> tokens;

    public AkeylessClient(IOptions<AkeylessSettings> settings, TimeProvider time, ILogger<AkeylessClient> logger)
    {
        this.settings = settings.Value;
        this.time = time;
        this.logger = logger;
        service = new JsonService(this.settings.Url, certificateAuthorityFile: null);
        tokens = new Leased<Token>((_, ct) => AuthenticateAsync(ct), time);
    }

    /// <param name="command">What to do, such as `encrypt`.</param>
    /// <param name="members">Writes what it takes; the token is added.</param>
    /// <param name="ct">The caller's deadline.</param>
    /// <param name="alsoAccept">A status that is an answer besides 200.</param>
    /// <returns>The answer, for the caller to dispose of.</returns>
    /// <exception cref="ServiceException">It was not done.</exception>
    public async Task<ServiceAnswer> SendAsync(string command, Action<Utf8JsonWriter> members, CancellationToken ct, int? alsoAccept = null)
    {
        var token = await tokens.GetAsync(ct);
        var answer = await SendAsync(token, command, members, ct);
        try
        {
            if (answer.Status == 401)
            {
                tokens.Drop(token);
                answer.Dispose();
                answer = await SendAsync(await tokens.GetAsync(ct), command, members, ct);
            }

            if (answer.Status != alsoAccept)
            {
                ThrowIfFailed(answer);
            }

            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        tokens.Dispose();
        service.Dispose();
    }

    private Task<ServiceAnswer> SendAsync(Token? token, string command, Action<Utf8JsonWriter> members, CancellationToken ct) =>
        service.SendAsync(
            HttpMethod.Post, command,
            writer =>
            {
                members(writer);
                if (token is not null)
                {
                    writer.WriteString("token", token.Value);
                }
            },
            static _ => { }, ct);

    /// <summary>Akeyless API: POST /auth.</summary>
    private async Task<Lease<Token>> AuthenticateAsync(CancellationToken ct)
    {
        try
        {
            using var answer = await SendAsync(
                token: null, "auth",
                writer =>
                {
                    writer.WriteString("access-id", settings.AccessId);
                    writer.WriteString("access-key", settings.AccessKey);
                    writer.WriteString("access-type", "access_key");
                },
                ct);
            ThrowIfFailed(answer);
            if (!answer.At("token").TryGetString(out var value) || value.Length == 0)
            {
                throw new ServiceException(ServiceFault.Unavailable, "answer_is_no_token");
            }

            return new Lease<Token>(new Token(value), DurationOf(answer));
        }
        catch (ServiceException e)
        {
            AuthenticationFailed(logger, e.Reason);
            throw;
        }
    }

    /// <summary>The API's description says of the end only that it is text; both forms that are in use are read.</summary>
    private TimeSpan DurationOf(ServiceAnswer answer)
    {
        if (!answer.At("expiration").TryGetString(out var text))
        {
            return Unstated;
        }

        DateTimeOffset? end = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < MostUnixSeconds
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var stated) ? stated : null;
        return end - time.GetUtcNow() is { } lasts && lasts > TimeSpan.Zero ? lasts : Unstated;
    }

    private const long MostUnixSeconds = 100_000_000_000;

    private static void ThrowIfFailed(ServiceAnswer answer)
    {
        if (answer is not { Status: 200, IsObject: true })
        {
            throw answer.Status switch
            {
                // Whoever stands between.
                200 => new ServiceException(ServiceFault.Unavailable, "answer_is_no_json"),
                400 => new ServiceException(ServiceFault.Refused, "bad_request"),
                401 => new ServiceException(ServiceFault.Refused, "login_refused"),
                403 => new ServiceException(ServiceFault.Refused, "permission_denied"),
                404 => new ServiceException(ServiceFault.Refused, "not_found"),
                408 or 429 or >= 500 or < 400 => new ServiceException(ServiceFault.Unavailable, $"status_{answer.Status}"),
                _ => new ServiceException(ServiceFault.Refused, $"status_{answer.Status}"),
            };
        }
    }

    [LoggerMessage(1641, LogLevel.Warning, "Authentication with Akeyless failed: {reason}")]
    private static partial void AuthenticationFailed(ILogger logger, string reason);

    /// <summary>A class: its text must not be what a record's is.</summary>
    private sealed class Token(string value)
    {
        public string Value => value;
    }
}
