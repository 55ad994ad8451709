using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Authentication.Providers;

/// <summary>
/// A page of docs/identity-providers as somebody follows it: the settings to copy and the access token to expect,
/// with a test's tenant, issuer, key and time in place of the example's.
/// </summary>
internal sealed partial class ProviderPage
{
    /// <summary><c>iat</c> of every example.</summary>
    private const long ExampleTime = 1_768_467_600;

    /// <summary>The one of most pages, and Entra ID's directory.</summary>
    private static readonly string[] ExampleTenants =
        ["0199a000-0000-7000-8000-000000000001", "7a1c5e30-2222-4b6f-9d8e-0f1a2b3c4d5e"];

    private readonly string text;

    public ProviderPage(string provider, TenantId tenant)
    {
        text = ExampleTenants.Aggregate(
            SourceTree.Read($"docs/identity-providers/{provider}.md"),
            (page, example) => page.Replace(example, tenant.ToString(), StringComparison.Ordinal));
        Settings = BlocksOf("sh").SelectMany(block => SettingPattern().Matches(block)).ToDictionary(
            match => match.Groups["name"].Value, match => match.Groups["value"].Value);
        Issuer = new Uri(Settings["OIDC_ISSUER_URL"]);
    }

    public IReadOnlyDictionary<string, string> Settings { get; }

    public Uri Issuer { get; }

    /// <summary>The page's access token, not signed yet.</summary>
    public TokenBuilder TokenOf(TestIssuer issuer)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var json = BlocksOf("json").Single().Replace(Issuer.GetLeftPart(UriPartial.Authority), issuer.Origin, StringComparison.Ordinal);
        json = TimePattern().Replace(json, time => (long.Parse(time.Value) - ExampleTime + now).ToString());
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json), new JsonReaderOptions { AllowMultipleValues = true });
        var token = new TokenBuilder(issuer);
        Read(ref reader, token.Header);
        Read(ref reader, token.Payload);
        token.Header["kid"] = $"{token.Header["alg"]}" == "ES256" ? "ec" : "rsa";
        return token;
    }

    private static void Read(ref Utf8JsonReader reader, Dictionary<string, object?> to)
    {
        reader.Read();
        foreach (var member in JsonElement.ParseValue(ref reader).EnumerateObject())
        {
            to.Add(member.Name, member.Value);
        }
    }

    private IEnumerable<string> BlocksOf(string language) => BlockPattern().Matches(text)
        .Where(block => block.Groups["language"].Value == language).Select(block => block.Groups["body"].Value);

    [GeneratedRegex("^```(?<language>[a-z]+)\n(?<body>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BlockPattern();

    [GeneratedRegex(@"^(?<name>[A-Z][A-Z0-9_]+)=(?<value>\S+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SettingPattern();

    [GeneratedRegex(@"\b1768\d{6}\b", RegexOptions.None, 1000)]
    private static partial Regex TimePattern();
}
