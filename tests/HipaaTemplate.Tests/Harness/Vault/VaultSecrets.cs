using System.Text.Json.Nodes;

namespace HipaaTemplate.Tests.Harness.Vault;

/// <summary>The KV engine, version 2: versions that are kept, deleted and restored, or destroyed.</summary>
internal sealed class VaultSecrets
{
    private readonly Dictionary<string, List<Version>> secrets = [];
    private readonly Lock gate = new();

    public void Put(string path, JsonNode value)
    {
        lock (gate)
        {
            Versions(path).Add(new Version(value.ToJsonString()));
        }
    }

    /// <summary>The newest version; it can be undeleted.</summary>
    public void Delete(string path)
    {
        lock (gate)
        {
            Versions(path)[^1].IsDeleted = true;
        }
    }

    public void Undelete(string path)
    {
        lock (gate)
        {
            Versions(path)[^1].IsDeleted = false;
        }
    }

    public void Destroy(string path)
    {
        lock (gate)
        {
            Versions(path)[^1].Value = null;
        }
    }

    /// <returns>404 of a version that is gone, with metadata that says so; nothing but 404 where there never was any.</returns>
    public (int Status, JsonObject? Data) Read(string path)
    {
        lock (gate)
        {
            if (!secrets.TryGetValue(path, out var versions))
            {
                return (404, null);
            }

            var newest = versions[^1];
            var gone = newest.Value is null || newest.IsDeleted;
            return (gone ? 404 : 200, new JsonObject
            {
                ["data"] = gone ? null : JsonNode.Parse(newest.Value!),
                ["metadata"] = new JsonObject
                {
                    ["created_time"] = "2026-01-01T00:00:00.0Z",
                    ["custom_metadata"] = null,
                    ["deletion_time"] = newest.IsDeleted ? "2026-01-02T00:00:00.0Z" : "",
                    ["destroyed"] = newest.Value is null,
                    ["version"] = versions.Count,
                },
            });
        }
    }

    private List<Version> Versions(string path) =>
        secrets.TryGetValue(path, out var known) ? known : secrets[path] = [];

    private sealed class Version(string value)
    {
        public string? Value { get; set; } = value;

        public bool IsDeleted { get; set; }
    }
}
