using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Secrets.Services;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Secrets.Vault;

/// <summary>
/// Vault's HTTP API as an AppRole: one login for however many call, its token renewed before it ends and
/// replaced when it cannot be renewed or was revoked.
/// </summary>
internal sealed partial class VaultClient : IDisposable
{
    /// <summary>For a token that says of no end.</summary>
    private static readonly TimeSpan LongestTrust = TimeSpan.FromHours(1);

    private readonly VaultSettings settings;
    private readonly ILogger<VaultClient> logger;
    private readonly JsonService service;
    private readonly Leased<Token> tokens;
    private int logins;

    public VaultClient(IOptions<VaultSettings> settings, TimeProvider time, ILogger<VaultClient> logger)
    {
        this.settings = settings.Value;
        this.logger = logger;
        service = new JsonService(
            this.settings.Address ?? throw new InvalidOperationException("VAULT_ADDR is missing."), this.settings.CertificateAuthorityFile);
        tokens = new Leased<Token>(ObtainAsync, time);
    }

    /// <summary>Another one after each login. What Vault leased to a token ends with it.</summary>
    public int Session => Volatile.Read(ref logins);

    /// <summary>How long the token lasts if it is never renewed.</summary>
    public TimeSpan SessionRest => tokens.Rest;

    /// <param name="method">HTTP.</param>
    /// <param name="path">Below /v1/, of names that were checked.</param>
    /// <param name="members">Writes the members of what is sent; null for no body.</param>
    /// <param name="ct">The caller's deadline.</param>
    /// <param name="alsoAccept">A status that is an answer besides 200 and 204.</param>
    /// <returns>The answer, for the caller to dispose of.</returns>
    /// <exception cref="ServiceException">It was not done.</exception>
    public async Task<ServiceAnswer> SendAsync(
        HttpMethod method, string path, Action<Utf8JsonWriter>? members, CancellationToken ct, int? alsoAccept = null)
    {
        var token = await tokens.GetAsync(ct);
        var answer = await SendAsync(token, method, path, members, ct);
        try
        {
            // Vault says 403 of a token that is none any more and of one that may not do this; only the former helps a login.
            if (answer.Status == 403 && !await IsGoodAsync(token, ct))
            {
                tokens.Drop(token);
                answer.Dispose();
                answer = await SendAsync(await tokens.GetAsync(ct), method, path, members, ct);
            }

            if (answer.Status != alsoAccept)
            {
                VaultFailures.ThrowIfFailed(answer);
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

    private Task<ServiceAnswer> SendAsync(
        Token? token, HttpMethod method, string path, Action<Utf8JsonWriter>? members, CancellationToken ct) =>
        service.SendAsync(
            method, "v1/" + path, members,
            headers =>
            {
                headers.Add("X-Vault-Request", "true");
                if (settings.Namespace is { } name)
                {
                    headers.Add("X-Vault-Namespace", name);
                }

                if (token is not null)
                {
                    headers.Add("X-Vault-Token", token.Value);
                }
            },
            ct);

    /// <summary>Vault API: GET /auth/token/lookup-self, which every token may.</summary>
    private async Task<bool> IsGoodAsync(Token token, CancellationToken ct)
    {
        using var answer = await SendAsync(token, HttpMethod.Get, "auth/token/lookup-self", members: null, ct);
        return answer.Status != 403;
    }

    private async Task<Lease<Token>> ObtainAsync(Token? current, CancellationToken ct)
    {
        if (current is { Renewable: true } && await TryRenewAsync(current, ct) is { } renewed)
        {
            return renewed;
        }

        try
        {
            return await LoginAsync(ct);
        }
        catch (ServiceException e)
        {
            LoginFailed(logger, e.Reason);
            throw;
        }
    }

    /// <summary>Vault API: POST /auth/token/renew-self.</summary>
    /// <returns>Null when only a login helps.</returns>
    private async Task<Lease<Token>?> TryRenewAsync(Token current, CancellationToken ct)
    {
        try
        {
            using var answer = await SendAsync(current, HttpMethod.Post, "auth/token/renew-self", static _ => { }, ct);
            VaultFailures.ThrowIfFailed(answer);
            var lease = Read(answer, current.AtLogin);
            // Near its longest life a token is renewed for less and less.
            return lease.Duration < current.AtLogin / 2 ? null : lease;
        }
        catch (ServiceException e)
        {
            RenewalFailed(logger, e.Reason);
            if (e.Fault == ServiceFault.Unavailable)
            {
                throw;
            }

            return null;
        }
    }

    /// <summary>Vault API: POST /auth/approle/login.</summary>
    private async Task<Lease<Token>> LoginAsync(CancellationToken ct)
    {
        using var answer = await SendAsync(
            token: null, HttpMethod.Post, $"auth/{settings.AuthMount}/login",
            writer =>
            {
                writer.WriteString("role_id", settings.RoleId);
                writer.WriteString("secret_id", settings.SecretId);
            },
            ct);
        VaultFailures.ThrowIfFailed(answer);
        var lease = Read(answer, atLogin: null);
        Interlocked.Increment(ref logins);
        LoggedIn(logger, (int)lease.Duration.TotalSeconds);
        return lease;
    }

    private static Lease<Token> Read(ServiceAnswer answer, TimeSpan? atLogin)
    {
        if (answer.At("auth", "client_token") is not { ValueKind: JsonValueKind.String } element
            || !element.TryGetString(out var value) || value.Length == 0 || !value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
            || answer.At("auth", "lease_duration") is not { ValueKind: JsonValueKind.Number } seconds
            || !seconds.TryGetInt32(out var duration) || duration < 0)
        {
            throw new ServiceException(ServiceFault.Unavailable, "answer_is_no_token");
        }

        var lasts = duration == 0 ? LongestTrust : TimeSpan.FromSeconds(duration);
        var renewable = answer.At("auth", "renewable").ValueKind == JsonValueKind.True;
        return new Lease<Token>(new Token(value, renewable, atLogin ?? lasts), lasts);
    }

    [LoggerMessage(1631, LogLevel.Information, "Logged in to Vault for {seconds} s")]
    private static partial void LoggedIn(ILogger logger, int seconds);

    [LoggerMessage(1632, LogLevel.Warning, "Login to Vault failed: {reason}")]
    private static partial void LoginFailed(ILogger logger, string reason);

    [LoggerMessage(1633, LogLevel.Warning, "The session with Vault could not be renewed: {reason}")]
    private static partial void RenewalFailed(ILogger logger, string reason);

    /// <summary>A class: its text must not be what a record's is.</summary>
    private sealed class Token(string value, bool renewable, TimeSpan atLogin)
    {
        public string Value => value;

        public bool Renewable => renewable;

        /// <summary>What it was first good for.</summary>
        public TimeSpan AtLogin => atLogin;
    }
}
