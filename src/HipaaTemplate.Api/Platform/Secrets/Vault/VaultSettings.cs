using System.Text.RegularExpressions;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Secrets.Vault;

/// <summary>HashiCorp Vault, for whichever of keys, settings and database credentials it keeps.</summary>
internal sealed partial class VaultSettings : IHasProblems
{
    [Setting("VAULT_ADDR", "Address of HashiCorp Vault: https, or in development http to this machine.")]
    public Uri? Address { get; set; }

    [Setting("VAULT_NAMESPACE", "Vault Enterprise namespace of everything that is asked for.", DefaultText = "none")]
    public string? Namespace { get; set; }

    [Setting("VAULT_ROLE_ID", "Role id of the AppRole that the API logs in as.")]
    public string? RoleId { get; set; }

    [Setting("VAULT_SECRET_ID", "Secret id of that AppRole.")]
    public string? SecretId { get; set; }

    [Setting("VAULT_AUTH_MOUNT", "Where the AppRole auth method is mounted.")]
    public string AuthMount { get; set; } = "approle";

    [Setting("VAULT_CA_FILE", "PEM file of the authorities that may vouch for Vault, and no others.", DefaultText = "those of the machine")]
    public string? CertificateAuthorityFile { get; set; }

    [Setting("VAULT_TRANSIT_MOUNT", "Where the transit secrets engine is mounted (KEY_PROVIDER=vault).")]
    public string TransitMount { get; set; } = "transit";

    [Setting("VAULT_SECRET_PATH", "Settings kept in Vault, KV version 2: mount and path, such as secret/hipaa-template.", DefaultText = "none")]
    public string? SecretPath { get; set; }

    [Setting("VAULT_DATABASE_ROLE", "Role of the database secrets engine whose credentials the API connects with; its users must be members of hipaa_app.",
        DefaultText = "none; hipaa_app itself")]
    public string? DatabaseRole { get; set; }

    [Setting("VAULT_DATABASE_MOUNT", "Where the database secrets engine is mounted.")]
    public string DatabaseMount { get; set; } = "database";

    /// <summary>What no environment allows; <see cref="VaultSettingsValidator"/> knows which one this is.</summary>
    public IEnumerable<string> Problems() => Problems(isDevelopment: true);

    /// <param name="isDevelopment">Where plain http to this machine is allowed.</param>
    public IEnumerable<string> Problems(bool isDevelopment)
    {
        if (Address is not null && (!IssuerRules.IsAddress(Address, isDevelopment) || Address.Query.Length > 0))
        {
            yield return "VAULT_ADDR must be an https URL; plain http is for localhost in development.";
        }

        if (Address is not null && (string.IsNullOrEmpty(RoleId) || string.IsNullOrEmpty(SecretId)))
        {
            yield return "VAULT_ROLE_ID and VAULT_SECRET_ID are needed with VAULT_ADDR.";
        }

        if (Address is null && (RoleId ?? SecretId ?? SecretPath ?? DatabaseRole ?? Namespace) is not null)
        {
            yield return "VAULT_ADDR is missing, and other settings of Vault are not.";
        }

        foreach (var (name, path) in new[]
            { ("VAULT_AUTH_MOUNT", AuthMount), ("VAULT_TRANSIT_MOUNT", TransitMount), ("VAULT_DATABASE_MOUNT", DatabaseMount), ("VAULT_NAMESPACE", Namespace) })
        {
            if (path is not null && !PathPattern().IsMatch(path))
            {
                yield return $"{name} must be a path such as team/name.";
            }
        }

        if (SecretPath is not null && !(PathPattern().IsMatch(SecretPath) && SecretPath.Contains('/', StringComparison.Ordinal)))
        {
            yield return "VAULT_SECRET_PATH must be a mount and a path, such as secret/hipaa-template.";
        }

        if (DatabaseRole is not null && !VaultName.IsValid(DatabaseRole))
        {
            yield return "VAULT_DATABASE_ROLE must be the name of a role.";
        }

        if (CertificateAuthorityFile is not null && !File.Exists(CertificateAuthorityFile))
        {
            yield return "VAULT_CA_FILE names a file that does not exist.";
        }
    }

    [GeneratedRegex(@"^\w([\w.-]*\w)?(/\w([\w.-]*\w)?)*\z", RegexOptions.ExplicitCapture | RegexOptions.ECMAScript, 1000)]
    private static partial Regex PathPattern();
}

/// <summary>What depends on where this is, and on what Vault is asked for.</summary>
internal sealed class VaultSettingsValidator(IOptions<ServerSettings> server, IOptions<KeyProviderSettings> keys)
    : IValidateOptions<VaultSettings>
{
    public ValidateOptionsResult Validate(string? name, VaultSettings options)
    {
        var problems = options.Problems(server.Value.IsDevelopment).ToList();
        if (keys.ValueOrNone is { Provider: KeyProviderKind.Vault } chosen)
        {
            if (options.Address is null)
            {
                problems.Add("VAULT_ADDR is missing: KEY_PROVIDER is vault.");
            }

            if (!chosen.ByClass().Values.Append(chosen.KeyId ?? "").All(VaultName.IsValid))
            {
                problems.Add("KEY_ID and KEY_IDS_BY_CLASS must be names of transit keys.");
            }
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}

/// <summary>A name that is one segment of Vault's paths (its GenericNameRegex), so that nothing it holds leads elsewhere.</summary>
internal static partial class VaultName
{
    public static bool IsValid(string name) => Pattern().IsMatch(name);

    [GeneratedRegex(@"^\w([\w.-]{0,126}\w)?\z", RegexOptions.ExplicitCapture | RegexOptions.ECMAScript, 1000)]
    private static partial Regex Pattern();
}
