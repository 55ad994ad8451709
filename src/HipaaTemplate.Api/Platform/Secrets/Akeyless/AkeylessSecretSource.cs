using System.Text.Json;
using System.Text;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Secrets.Services;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Secrets.Akeyless;

/// <summary>Settings in one static secret of Akeyless, whose value is a JSON object.</summary>
internal sealed class AkeylessSecretSource(AkeylessClient akeyless, IOptions<AkeylessSettings> settings) : ISecretSource
{
    private const int Depth = 4;

    public string Name => "Akeyless";

    public async Task<IReadOnlyDictionary<string, string>> LoadAsync(CancellationToken ct)
    {
        var name = settings.Value.SecretName ?? throw new SecretSourceException("AKEYLESS_SECRET_NAME is missing");
        try
        {
            // Akeyless API: POST /get-secret-value, answered by an object of name and value.
            using var answer = await akeyless.SendAsync(
                "get-secret-value",
                writer =>
                {
                    writer.WriteStartArray("names");
                    writer.WriteStringValue(name);
                    writer.WriteEndArray();
                },
                ct);
            return SecretObject.Read(Parsed(answer.At(name)));
        }
        catch (ServiceException e)
        {
            throw e.OfSecretSource();
        }
    }

    /// <summary>The value is text; of a secret in JSON format some gateways answer the object itself.</summary>
    private static JsonElement Parsed(JsonElement value) =>
        value.TryGetString(out var text) && StrictJson.TryParseObject(Encoding.UTF8.GetBytes(text), Depth, out var parsed) ? parsed : value;
}
