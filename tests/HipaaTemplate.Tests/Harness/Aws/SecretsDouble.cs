using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace HipaaTemplate.Tests.Harness.Aws;

/// <summary>AWS Secrets Manager: versions and their stages (Secrets Manager API Reference, GetSecretValue).</summary>
internal sealed class SecretsDouble(TimeProvider time)
{
    private const string Current = "AWSCURRENT";
    private const string Previous = "AWSPREVIOUS";
    private const string Pending = "AWSPENDING";

    private readonly ConcurrentDictionary<string, List<Version>> secrets = new();
    private readonly ConcurrentDictionary<string, bool> undecryptable = new();

    /// <summary>Principal, name of the secret; may it read?</summary>
    public Func<string, string, bool> Policy { get; set; } = static (_, _) => true;

    public static string ArnOf(string name) =>
        $"arn:aws:secretsmanager:{AwsDouble.Region}:{AwsDouble.Account}:secret:{name}-AbCdEf";

    /// <summary>A new version that is current from now on; the one before stays as the previous.</summary>
    public string Put(string name, string value) => Promote(name, Add(name, new Version(value, Binary: null)));

    public string Put(string name, byte[] value) => Promote(name, Add(name, new Version(Text: null, value)));

    /// <summary>The first half of a rotation: a version that nobody uses yet.</summary>
    public string PutPending(string name, string value)
    {
        var version = new Version(value, Binary: null) { Stages = { Pending } };
        return Add(name, version);
    }

    /// <summary>The second half.</summary>
    public string Promote(string name, string versionId)
    {
        lock (secrets[name])
        {
            foreach (var version in secrets[name])
            {
                var wasCurrent = version.Stages.Remove(Current);
                version.Stages.Remove(Previous);
                version.Stages.Remove(Pending);
                if (wasCurrent)
                {
                    version.Stages.Add(Previous);
                }
            }

            var promoted = secrets[name].Single(version => version.Id == versionId);
            promoted.Stages.Remove(Previous);
            promoted.Stages.Add(Current);
            return versionId;
        }
    }

    /// <summary>The key that the secret is encrypted with is out of reach.</summary>
    public void LoseKeyOf(string name) => undecryptable[name] = true;

    public JsonObject Handle(string operation, JsonObject input, string principal)
    {
        if (operation != "GetSecretValue")
        {
            throw new AwsRefusal("UnknownOperationException", "");
        }

        var asked = input["SecretId"]?.GetValue<string>() ?? throw new AwsRefusal("ValidationException", "SecretId must not be null");
        var name = secrets.Keys.FirstOrDefault(key => key == asked || ArnOf(key) == asked);
        // Before whether there is one: who may not read it learns nothing.
        if (!Policy(principal, name ?? asked))
        {
            throw new AwsRefusal(
                "AccessDeniedException",
                $"User: {principal} is not authorized to perform: secretsmanager:GetSecretValue on resource: {asked}");
        }

        if (name is null)
        {
            throw new AwsRefusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        }

        lock (secrets[name])
        {
            var versionId = input["VersionId"]?.GetValue<string>();
            var stage = input["VersionStage"]?.GetValue<string>() ?? (versionId is null ? Current : null);
            var version = secrets[name].SingleOrDefault(version =>
                (versionId is null || version.Id == versionId) && (stage is null || version.Stages.Contains(stage)))
                ?? throw new AwsRefusal(
                    "ResourceNotFoundException", $"Secrets Manager can't find the specified secret value for staging label: {stage}");
            return undecryptable.ContainsKey(name)
                ? throw new AwsRefusal("DecryptionFailure", "Secrets Manager can't decrypt the protected secret text using the provided KMS key.")
                : Answer(name, version);
        }
    }

    private JsonObject Answer(string name, Version version)
    {
        JsonObject answer = new()
        {
            ["ARN"] = ArnOf(name),
            ["Name"] = name,
            ["VersionId"] = version.Id,
            ["VersionStages"] = new JsonArray([.. version.Stages.Select(stage => JsonValue.Create(stage))]),
            ["CreatedDate"] = time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0,
        };
        if (version.Text is { } text)
        {
            answer["SecretString"] = text;
        }

        if (version.Binary is { } bytes)
        {
            answer["SecretBinary"] = Convert.ToBase64String(bytes);
        }

        return answer;
    }

    private string Add(string name, Version version)
    {
        var versions = secrets.GetOrAdd(name, _ => []);
        lock (versions)
        {
            versions.Add(version);
        }

        return version.Id;
    }

    private sealed record Version(string? Text, byte[]? Binary)
    {
        public string Id { get; } = Guid.CreateVersion7().ToString();

        public HashSet<string> Stages { get; } = [];
    }
}
