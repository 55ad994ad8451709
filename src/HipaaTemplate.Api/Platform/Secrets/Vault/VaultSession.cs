using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Secrets.Services;

namespace HipaaTemplate.Platform.Secrets.Vault;

/// <summary>Who one is to Vault, for a time. A class: its text must not be what a record's is.</summary>
/// <param name="value">What is sent.</param>
/// <param name="renewable">Whether it can be renewed.</param>
/// <param name="atLogin">What it was first good for.</param>
/// <param name="session">The number of the login; it stays when the token is renewed.</param>
internal sealed class VaultToken(string value, bool renewable, TimeSpan atLogin, int session)
{
    public string Value => value;

    public bool Renewable => renewable;

    public TimeSpan AtLogin => atLogin;

    public int Session => session;
}

/// <summary>Logs in, renews and sends: what <see cref="VaultClient"/> is made of.</summary>
internal sealed partial class VaultSession : IDisposable
{
    /// <summary>For a token that says of no end.</summary>
    private static readonly TimeSpan LongestTrust = TimeSpan.FromHours(1);

    private readonly VaultSettings settings;
    private readonly ILogger logger;
    private readonly JsonService service;
    private readonly Leased<VaultToken> tokens;
    private int logins;

    public VaultSession(VaultSettings settings, TimeProvider time, ILogger logger)
    {
        this.settings = settings;
        this.logger = logger;
        service = new JsonService(
            settings.Address ?? throw new InvalidOperationException("VAULT_ADDR is missing."), settings.CertificateAuthorityFile);
        tokens = new Leased<VaultToken>(ObtainAsync, time);
    }

    public int Logins => Volatile.Read(ref logins);

    public TimeSpan Rest => tokens.Rest;

    /// <exception cref="ServiceException">There is none to be had.</exception>
    public ValueTask<VaultToken> TokenAsync(CancellationToken ct) => tokens.GetAsync(ct);

    public void Drop(VaultToken token) => tokens.Drop(token);

    public Task<ServiceAnswer> SendAsync(
        VaultToken? token, HttpMethod method, string path, Action<Utf8JsonWriter>? members, CancellationToken ct) =>
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
    public async Task<bool> IsGoodAsync(VaultToken token, CancellationToken ct)
    {
        using var answer = await SendAsync(token, HttpMethod.Get, "auth/token/lookup-self", members: null, ct);
        return answer.Status != 403;
    }

    public void Dispose()
    {
        tokens.Dispose();
        service.Dispose();
    }

    private async Task<Lease<VaultToken>> ObtainAsync(VaultToken? current, CancellationToken ct)
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
    private async Task<Lease<VaultToken>?> TryRenewAsync(VaultToken current, CancellationToken ct)
    {
        try
        {
            using var answer = await SendAsync(current, HttpMethod.Post, "auth/token/renew-self", static _ => { }, ct);
            VaultFailures.ThrowIfFailed(answer);
            var lease = Read(answer, current);
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
    private async Task<Lease<VaultToken>> LoginAsync(CancellationToken ct)
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
        var lease = Read(answer, renewed: null);
        LoggedIn(logger, (int)lease.Duration.TotalSeconds);
        return lease;
    }

    private Lease<VaultToken> Read(ServiceAnswer answer, VaultToken? renewed)
    {
        if (!answer.At("auth", "client_token").TryGetString(out var value)
            || value.Length == 0 || !value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
            || answer.At("auth", "lease_duration") is not { ValueKind: JsonValueKind.Number } seconds
            || !seconds.TryGetInt32(out var duration) || duration < 0)
        {
            throw new ServiceException(ServiceFault.Unavailable, "answer_is_no_token");
        }

        var lasts = duration == 0 ? LongestTrust : TimeSpan.FromSeconds(duration);
        var renewable = answer.At("auth", "renewable").ValueKind == JsonValueKind.True;
        return new Lease<VaultToken>(
            new VaultToken(value, renewable, renewed?.AtLogin ?? lasts, renewed?.Session ?? Interlocked.Increment(ref logins)), lasts);
    }

    [LoggerMessage(1631, LogLevel.Information, "Logged in to Vault for {seconds} s")]
    private static partial void LoggedIn(ILogger logger, int seconds);

    [LoggerMessage(1632, LogLevel.Warning, "Login to Vault failed: {reason}")]
    private static partial void LoginFailed(ILogger logger, string reason);

    [LoggerMessage(1633, LogLevel.Warning, "The session with Vault could not be renewed: {reason}")]
    private static partial void RenewalFailed(ILogger logger, string reason);
}
