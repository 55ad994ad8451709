using System.Text.Json;
using System.Text.RegularExpressions;
using Amazon.Runtime;
using Amazon.SecretsManager;
using Amazon.SecretsManager.Model;
using HipaaTemplate.Platform.Aws;

namespace HipaaTemplate.Platform.Secrets.Aws;

/// <summary>
/// Settings kept in one secret of AWS Secrets Manager, AWS_SECRETS_MANAGER_SECRET_ID: a JSON object of their
/// names and values, both text. The version in the stage AWSCURRENT counts, so a rotation takes effect as a whole.
/// </summary>
/// <param name="credentials">Null: as the SDK finds them.</param>
internal sealed partial class AwsSecretSource(AwsSettings settings, AWSCredentials? credentials = null) : ISecretSource, IDisposable
{
    private const string Current = "AWSCURRENT";

    private readonly AmazonSecretsManagerClient client = credentials is null
        ? new(settings.Configure(new AmazonSecretsManagerConfig()))
        : new(credentials, settings.Configure(new AmazonSecretsManagerConfig()));

    public string Name => "AWS Secrets Manager";

    public async Task<IReadOnlyDictionary<string, string>> LoadAsync(CancellationToken ct)
    {
        GetSecretValueRequest request = new() { SecretId = settings.SecretId, VersionStage = Current };
        string? text;
        try
        {
            var answer = await AwsCall.AskAsync(token => client.GetSecretValueAsync(request, token), static _ => { }, ct);
            text = answer.SecretString;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new SecretSourceException(AwsFailure.Of(e).Reason, e);
        }

        return Parse(text ?? throw new SecretSourceException("the secret is binary; it must be text, a JSON object"));
    }

    public void Dispose() => client.Dispose();

    private static Dictionary<string, string> Parse(string text)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            // Without the exception: its text quotes what it stumbled over.
            throw new SecretSourceException("the secret is not in order as JSON, or has a name twice");
        }

        using (document)
        {
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.EnumerateObject().ToDictionary(setting => setting.Name, Value)
                : throw new SecretSourceException("the secret must be a JSON object of setting names and their values");
        }
    }

    private static string Value(JsonProperty setting)
    {
        if (!NamePattern().IsMatch(setting.Name))
        {
            // Not quoted: it may be a value in the wrong place.
            throw new SecretSourceException("the secret has a name that no setting has: capitals, digits and underscores only");
        }

        return setting.Value.ValueKind == JsonValueKind.String
            ? setting.Value.GetString()!
            : throw new SecretSourceException($"the secret's {setting.Name} is no text; every value must be one, numbers too");
    }

    [GeneratedRegex(@"^[A-Z][A-Z0-9_]*\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamePattern();
}
