using System.Text.Json;

namespace HipaaTemplate.Tests.Harness;

/// <summary>Somebody who can sign in at the development identity provider: tools/dev-idp/users.json.</summary>
internal sealed record DemoUser(string Email, string? Clinic, string[] Roles, string Sub)
{
    public static IReadOnlyList<DemoUser> All { get; } = Read();

    public static IEnumerable<DemoUser> OfClinics => All.Where(user => user.Clinic is not null);

    public static DemoUser Of(string email) => All.Single(user => user.Email == email);

    /// <summary>What the test is called for this user.</summary>
    public override string ToString() => Email;

    private static DemoUser[] Read()
    {
        var file = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Repository.PathOf("tools", "dev-idp", "users.json")));
        return file.GetProperty("users").Deserialize<DemoUser[]>(JsonSerializerOptions.Web)!;
    }
}
