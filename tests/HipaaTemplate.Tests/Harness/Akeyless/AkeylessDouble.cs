using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HipaaTemplate.Tests.Harness.Services;
using Microsoft.AspNetCore.Http;

namespace HipaaTemplate.Tests.Harness.Akeyless;

/// <summary>
/// As much of the Akeyless API as the product uses: members and answers as its published description has them
/// (akeylesslabs/akeyless-go, docs). Of refusals that says only {"error": …}; the statuses are what HTTP means by them.
/// </summary>
internal sealed class AkeylessDouble : ServiceDouble
{
    public const string AccessId = "p-7a1c5e30access";
    public const string AccessKey = "q83vEjRWeJA5access-key";

    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<string, DateTimeOffset> tokens = new();

    private AkeylessDouble(TimeProvider time) => this.time = time;

    public ConcurrentDictionary<string, AkeylessItem> Keys { get; } = new();

    public ConcurrentDictionary<string, JsonNode> StaticSecrets { get; } = new();

    public TimeSpan TokenLife { get; set; } = TimeSpan.FromMinutes(60);

    /// <summary>How the end of a token is written down.</summary>
    public Func<DateTimeOffset, string?> Expiration { get; set; } = end => end.ToString("O");

    public bool MixesKeysUp { get; set; }

    public bool CutsShort { get; set; }

    public IReadOnlyCollection<string> IssuedTokens => [.. tokens.Keys];

    public static async Task<AkeylessDouble> StartAsync(TimeProvider? time = null)
    {
        var akeyless = new AkeylessDouble(time ?? TimeProvider.System);
        await akeyless.ListenAsync();
        return akeyless;
    }

    public void RevokeTokens()
    {
        foreach (var token in tokens.Keys)
        {
            tokens[token] = DateTimeOffset.MinValue;
        }
    }

    protected override Task<DoubleAnswer> AnswerAsync(HttpRequest request, JsonObject body) => Task.FromResult(Answer(request, body));

    protected override DoubleAnswer Error(int status, string text) => new(status, new JsonObject { ["error"] = text });

    private DoubleAnswer Answer(HttpRequest request, JsonObject body)
    {
        if (!HttpMethods.IsPost(request.Method))
        {
            return Error(405, "method not allowed");
        }

        if (request.Path == "/auth")
        {
            return Authenticate(body);
        }

        if (!tokens.TryGetValue(Text(body, "token"), out var end) || end <= time.GetUtcNow())
        {
            return Error(401, "invalid or expired token");
        }

        return request.Path.Value switch
        {
            "/encrypt" => Encrypt(body),
            "/decrypt" => Decrypt(body),
            "/describe-item" => Describe(Text(body, "name")),
            "/get-secret-value" => Secret(body),
            _ => Error(404, "no such command"),
        };
    }

    private DoubleAnswer Authenticate(JsonObject body)
    {
        if (Text(body, "access-id") != AccessId || Text(body, "access-key") != AccessKey || Text(body, "access-type") != "access_key")
        {
            return Error(401, "failed to authenticate");
        }

        var token = $"t-{Guid.CreateVersion7():N}";
        var end = tokens[token] = time.GetUtcNow() + TokenLife;
        var answer = new JsonObject { ["token"] = token };
        if (Expiration(end) is { } stated)
        {
            answer["expiration"] = stated;
        }

        return new DoubleAnswer(200, answer);
    }

    private DoubleAnswer Encrypt(JsonObject body)
    {
        if (Refusal(Text(body, "key-name"), out var item) is { } refusal)
        {
            return refusal;
        }

        if (!item.MayBeUsed)
        {
            return Error(400, "the key is disabled");
        }

        // Without input-format it would encrypt the text.
        var plaintext = Text(body, "input-format") == "base64"
            ? Convert.FromBase64String(Text(body, "plaintext"))
            : Encoding.UTF8.GetBytes(Text(body, "plaintext"));
        return new DoubleAnswer(200, new JsonObject { ["result"] = Convert.ToBase64String(item.Seal(plaintext, ContextOf(body))) });
    }

    private DoubleAnswer Decrypt(JsonObject body)
    {
        var name = Text(body, "key-name");
        if (Refusal(MixesKeysUp ? Keys.Keys.First(other => other != name) : name, out var item) is { } refusal)
        {
            return refusal;
        }

        if (!item.MayBeUsed)
        {
            return Error(400, "the key is disabled");
        }

        if (item.Open(Convert.FromBase64String(Text(body, "ciphertext")), ContextOf(body)) is not { } plaintext)
        {
            return Error(400, "failed to decrypt");
        }

        plaintext = CutsShort ? plaintext[..^1] : plaintext;
        var result = Text(body, "output-format") == "base64" ? Convert.ToBase64String(plaintext) : Encoding.UTF8.GetString(plaintext);
        return new DoubleAnswer(200, new JsonObject { ["result"] = result });
    }

    private DoubleAnswer Describe(string name)
    {
        if (Refusal(name, out var item) is { } refusal)
        {
            return refusal;
        }

        var answer = new JsonObject
        {
            ["item_name"] = name,
            ["item_type"] = "AES256GCM",
            ["item_state"] = item.IsEnabled ? "Enabled" : "Disabled",
            ["is_enabled"] = item.IsEnabled,
        };
        if (item.IsBeingDeleted)
        {
            answer["deletion_date"] = time.GetUtcNow().AddDays(7).ToString("O");
        }

        return new DoubleAnswer(200, answer);
    }

    private DoubleAnswer Secret(JsonObject body)
    {
        var answer = new JsonObject();
        foreach (var name in body["names"]!.AsArray().Select(node => node!.GetValue<string>()))
        {
            if (!StaticSecrets.TryGetValue(name, out var value))
            {
                return Error(404, $"secret {name} was not found");
            }

            answer[name] = value.DeepClone();
        }

        return new DoubleAnswer(200, answer);
    }

    private DoubleAnswer? Refusal(string name, out AkeylessItem item)
    {
        if (!Keys.TryGetValue(name, out var known))
        {
            item = null!;
            return Error(404, $"item {name} was not found");
        }

        item = known;
        return known.IsDenied ? Error(403, $"access to {name} is denied") : null;
    }

    /// <summary>Pairs, whatever order they came in.</summary>
    private static byte[] ContextOf(JsonObject body) => JsonSerializer.SerializeToUtf8Bytes(
        new SortedDictionary<string, string>(
            (body["encryption-context"] as JsonObject ?? []).ToDictionary(pair => pair.Key, pair => pair.Value!.GetValue<string>()),
            StringComparer.Ordinal));

    private static string Text(JsonObject body, string name) => body[name]?.GetValue<string>() ?? "";
}
