using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace HipaaTemplate.Tests.Harness.Vault;

/// <summary>Tokens of an AppRole: leases that are renewed up to a longest life, or revoked.</summary>
internal sealed class VaultTokens(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Token> tokens = new();

    public TimeSpan Lease { get; set; } = TimeSpan.FromMinutes(20);

    /// <summary>No token lives longer, however often it is renewed.</summary>
    public TimeSpan LongestLife { get; set; } = TimeSpan.FromHours(4);

    public bool Renewable { get; set; } = true;

    /// <summary>Every token there has been.</summary>
    public IReadOnlyCollection<string> Issued => [.. tokens.Keys];

    public bool IsGood(string token) => tokens.TryGetValue(token, out var known) && known.Ends > time.GetUtcNow();

    public JsonObject Login()
    {
        var now = time.GetUtcNow();
        var token = new Token($"hvs.{Guid.CreateVersion7():N}", now + Lease, now + LongestLife);
        tokens[token.Value] = token;
        return Auth(token, Lease);
    }

    /// <returns>Null where it cannot be renewed.</returns>
    public JsonObject? Renew(string value)
    {
        if (!Renewable)
        {
            return null;
        }

        var token = tokens[value];
        var now = time.GetUtcNow();
        var ends = now + Lease < token.LastEnd ? now + Lease : token.LastEnd;
        tokens[value] = token with { Ends = ends };
        return Auth(token, ends - now);
    }

    public void Revoke(string token) => tokens.TryRemove(token, out _);

    public void RevokeAll() => tokens.Clear();

    private JsonObject Auth(Token token, TimeSpan lease) => new()
    {
        ["client_token"] = token.Value,
        ["accessor"] = "0e9e354a-520f-df04-6867-ee81cae3d42d",
        ["policies"] = new JsonArray("default", "hipaa-template"),
        ["lease_duration"] = (int)lease.TotalSeconds,
        ["renewable"] = Renewable,
        ["token_type"] = "service",
        ["orphan"] = true,
    };

    private sealed record Token(string Value, DateTimeOffset Ends, DateTimeOffset LastEnd);
}
