using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using HipaaTemplate.Tests.Harness.Services;
using Microsoft.AspNetCore.Http;

namespace HipaaTemplate.Tests.Harness.Vault;

/// <summary>How a node of Vault may be that cannot serve.</summary>
internal enum VaultCondition
{
    Active = 200,
    Redirecting = 307,
    Behind = 412,
    OverQuota = 429,
    RecoverySecondary = 472,
    PerformanceStandby = 473,
    NotInitialized = 501,
    BadGateway = 502,
    Sealed = 503,
}

/// <summary>As much of Vault's HTTP API as the product uses, with its statuses and words; tests/…/Harness/Vault holds its engines.</summary>
internal sealed class VaultDouble : ServiceDouble
{
    public const string RoleId = "0b2f7a3e-role";
    public const string SecretId = "5c41d9aa-secret-id";

    private readonly ConcurrentDictionary<string, byte> denied = new();

    private VaultDouble(TimeProvider time, X509Certificate2? certificate)
        : base(certificate)
    {
        Tokens = new VaultTokens(time);
        Database = new VaultDatabase(Tokens, time);
    }

    public VaultTokens Tokens { get; }

    public VaultTransit Transit { get; } = new();

    public VaultSecrets Secrets { get; } = new();

    public VaultDatabase Database { get; }

    public VaultCondition Condition { get; set; } = VaultCondition.Active;

    /// <summary>When set, nothing is found outside of it.</summary>
    public string? Namespace { get; set; }

    public static async Task<VaultDouble> StartAsync(TimeProvider? time = null, X509Certificate2? certificate = null)
    {
        var vault = new VaultDouble(time ?? TimeProvider.System, certificate);
        await vault.ListenAsync();
        return vault;
    }

    /// <summary>The policy has this path no more.</summary>
    public void Deny(string path) => denied[path] = 0;

    public void Allow(string path) => denied.TryRemove(path, out _);

    public override async ValueTask DisposeAsync()
    {
        Tokens.RevokeAll();
        await Database.SweepAsync();
        await base.DisposeAsync();
    }

    protected override async Task<DoubleAnswer> AnswerAsync(HttpRequest request, JsonObject body)
    {
        await Database.SweepAsync();
        if (Condition != VaultCondition.Active)
        {
            return Unable(request);
        }

        // What a listener or agent with require_request_header says.
        if (request.Headers["X-Vault-Request"] != "true")
        {
            return Error(412, "missing 'X-Vault-Request' header");
        }

        if (Namespace is not null && request.Headers["X-Vault-Namespace"] != Namespace)
        {
            return Error(404, "no handler for route");
        }

        var path = request.Path.Value!["/v1/".Length..];
        if (path == "auth/approle/login")
        {
            return Text(body, "role_id") == RoleId && Text(body, "secret_id") == SecretId
                ? new DoubleAnswer(200, Whole(auth: Tokens.Login()))
                : Error(400, "invalid role or secret ID");
        }

        var token = request.Headers["X-Vault-Token"].ToString();
        return !Tokens.IsGood(token) || denied.ContainsKey(path) ? Error(403, "permission denied") : await RouteAsync(request, path, token, body);
    }

    protected override DoubleAnswer Error(int status, string text) => new(status, new JsonObject { ["errors"] = new JsonArray(text) });

    private async Task<DoubleAnswer> RouteAsync(HttpRequest request, string path, string token, JsonObject body)
    {
        var isRead = HttpMethods.IsGet(request.Method);
        switch (path.Split('/'))
        {
            case ["auth", "token", "lookup-self"] when isRead:
                return new DoubleAnswer(200, Whole(data: new JsonObject { ["id"] = token }));
            case ["auth", "token", "renew-self"] when !isRead:
                return Tokens.Renew(token) is { } auth
                    ? new DoubleAnswer(200, Whole(auth: auth))
                    : Error(400, "lease is not renewable");
            case ["auth", "token", "revoke-self"] when !isRead:
                Tokens.Revoke(token);
                return new DoubleAnswer(204, null);
            case ["transit", "encrypt", var name] when !isRead:
                return Answer(Transit.Encrypt(name, body));
            case ["transit", "decrypt", var name] when !isRead:
                return Answer(Transit.Decrypt(name, body));
            case ["secret", "data", .. var rest] when isRead:
                var (status, data) = Secrets.Read(string.Join('/', rest));
                return data is null ? new DoubleAnswer(status, new JsonObject { ["errors"] = new JsonArray() }) : new DoubleAnswer(status, Whole(data));
            case ["database", "creds", var role] when isRead:
                return role == Database.Role
                    ? new DoubleAnswer(200, Merged(await Database.CreateAsync(token)))
                    : Error(400, $"unknown role: {role}");
            case ["sys", "leases", "renew"] when !isRead:
                return await Database.RenewAsync(Text(body, "lease_id"), TimeSpan.FromSeconds(body["increment"]!.GetValue<int>())) is { } lease
                    ? new DoubleAnswer(200, Merged(lease))
                    : Error(400, "lease not found");
            default:
                return Error(404, "no handler for route");
        }
    }

    private DoubleAnswer Unable(HttpRequest request)
    {
        if (Condition == VaultCondition.Redirecting)
        {
            // Straight to itself: who follows is found out by the number of calls.
            request.HttpContext.Response.Headers.Location = request.Path.Value;
        }

        return Error((int)Condition, Condition switch
        {
            VaultCondition.Sealed => "Vault is sealed",
            VaultCondition.NotInitialized => "Vault is not initialized",
            _ => "",
        });
    }

    private DoubleAnswer Answer((int Status, string? Error, JsonObject? Data) outcome) =>
        outcome.Error is { } text ? Error(outcome.Status, text) : new DoubleAnswer(outcome.Status, Whole(outcome.Data));

    private static string Text(JsonObject body, string name) => body[name]?.GetValue<string>() ?? "";

    private static JsonObject Merged(JsonObject members)
    {
        var whole = Whole();
        foreach (var (name, value) in members)
        {
            whole[name] = value?.DeepClone();
        }

        return whole;
    }

    private static JsonObject Whole(JsonObject? data = null, JsonObject? auth = null) => new()
    {
        ["request_id"] = Guid.CreateVersion7().ToString(),
        ["lease_id"] = "",
        ["renewable"] = false,
        ["lease_duration"] = 0,
        ["data"] = data,
        ["wrap_info"] = null,
        ["warnings"] = null,
        ["auth"] = auth,
    };
}
