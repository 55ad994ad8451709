using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HipaaTemplate.Platform.Secrets;
using HipaaTemplate.Platform.Settings;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>One setting names the server; the owner and the API connect to it as different roles.</summary>
internal sealed class DatabaseSettings : IHasProblems
{
    public const string PasswordIsMissing =
        "DATABASE_APP_PASSWORD is needed, because DATABASE_URL has no password to derive it from.";

    private const int SigningSecretLength = 32;
    private const int ConnectTimeoutSeconds = 5;
    private const int CommandTimeoutSeconds = 20;

    [Setting("DATABASE_URL", "postgres:// or postgresql:// URL, or Npgsql keywords, of the login that owns the schema; used by migrate. The API itself connects as hipaa_app.",
        Required = true)]
    public string Url { get; set; } = "";

    [Setting("DATABASE_APP_PASSWORD", "Password of hipaa_app, set by migrate.",
        DefaultText = "derived from the owner's password (HKDF)")]
    public string? AppPassword { get; set; }

    [Setting("SIGNING_SECRET", "At least 32 random characters that tenants and cursors are signed with, the same for the API and for migrate. Needed where the API's password rotates or Vault makes its logins.",
        DefaultText = "DATABASE_APP_PASSWORD, else the owner's password")]
    public string? SigningSecret { get; set; }

    [Setting("DATABASE_POOL_SIZE", "Most connections of one API process.")]
    public int PoolSize { get; set; } = 20;

    [Setting("DATABASE_TENANT_SCOPE", "How PostgreSQL is told the tenant: signed, which holds against SQL injection too, or bare. The same for the API and for migrate up.",
        DefaultText = "signed")]
    public TenantScopeForm TenantScope { get; set; } = TenantScopeForm.Signed;

    [Setting("DATABASE_PREPARED_STATEMENTS", "Most prepared statements that a connection keeps; 0 behind PgBouncer before 1.21.")]
    public int PreparedStatements { get; set; } = 100;

    public IEnumerable<string> Problems()
    {
        string? problem = null;
        try
        {
            DatabaseUrl.Parse(Url);
        }
        catch (FormatException e)
        {
            problem = e.Message;
        }

        if (problem is not null)
        {
            yield return $"DATABASE_URL {problem}";
        }
        else if (AppPassword is null && SigningSecret is null && !HasOwnerPassword())
        {
            yield return PasswordIsMissing;
        }

        if (SigningSecret is { Length: < SigningSecretLength })
        {
            yield return $"SIGNING_SECRET must have at least {SigningSecretLength} characters.";
        }

        if (PoolSize is < 1 or > 1000)
        {
            yield return "DATABASE_POOL_SIZE must be between 1 and 1000.";
        }

        if (PreparedStatements is < 0 or > 10_000)
        {
            yield return "DATABASE_PREPARED_STATEMENTS must be between 0 and 10000.";
        }
    }

    /// <summary>The login as given, for creating roles.</summary>
    public string LoginConnectionString() => OwnerConnection(role: null);

    /// <summary>The same login acting as the owner role, so that whatever it creates belongs to it.</summary>
    public string OwnerConnectionString() => OwnerConnection(DatabaseRoles.Owner);

    public bool HasOwnerPassword() => !string.IsNullOrEmpty(DatabaseUrl.Parse(Url).Password);

    /// <summary>The API's own connections, as the settings say.</summary>
    public string AppConnectionString() =>
        AppConnectionString(new DatabaseCredentials(UserName: null, DerivedAppPassword()));

    public string AppConnectionString(DatabaseCredentials credentials)
    {
        var app = DatabaseUrl.Parse(Url);
        app.Username = credentials.UserName ?? DatabaseRoles.App;
        app.Password = credentials.Password;
        app.ApplicationName ??= "hipaa-template";
        app.MaxPoolSize = PoolSize;
        app.Timeout = ConnectTimeoutSeconds;
        app.CommandTimeout = CommandTimeoutSeconds;
        app.MaxAutoPrepare = PreparedStatements;
        app.AutoPrepareMinUsages = 2;
        // Safe because nothing is ever set at session level; a reset costs each lease a statement.
        app.NoResetOnClose = true;
        // The server's DETAIL quotes the row that failed.
        app.IncludeErrorDetail = false;
        return app.ConnectionString;
    }

    /// <summary>Who seals the audit trail: of its own, so that the API's role need not read it.</summary>
    public string SealerConnectionString()
    {
        var sealer = DatabaseUrl.Parse(AppConnectionString());
        sealer.Username = DatabaseRoles.Sealer;
        sealer.Password = Derived(KeySecret(), "hipaa_sealer password");
        // Who seals, who anchors, and one more for what either looks up meanwhile.
        sealer.MaxPoolSize = 4;
        return sealer.ConnectionString;
    }

    /// <summary>The same login reading the audit trail, which the owner role cannot.</summary>
    public string AuditorConnectionString() => OwnerConnection(DatabaseRoles.Auditor);

    public string DerivedAppPassword()
    {
        if (AppPassword is not null)
        {
            return AppPassword;
        }

        return Derived(DatabaseUrl.Parse(Url).Password!, "hipaa_app password");
    }

    /// <summary>
    /// What <see cref="DerivedKeys"/> are made of: the secret that the API has as well as migrate. An API
    /// that is given a password of its own need not have the owner's; a password that rotates is none that
    /// keys are to be made of.
    /// </summary>
    public string KeySecret() => SigningSecret ?? AppPassword ?? DatabaseUrl.Parse(Url).Password!;

    private static string Derived(string secret, string purpose) => Base64Url.EncodeToString(HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), outputLength: 32,
        info: Encoding.UTF8.GetBytes($"hipaa-template/v1|{purpose}")));

    private string OwnerConnection(string? role)
    {
        var owner = DatabaseUrl.Parse(Url);
        owner.Pooling = false;
        owner.Timeout = ConnectTimeoutSeconds;
        owner.CommandTimeout = 0;
        owner.Options = role is null ? null : $"-c role={role}";
        return owner.ConnectionString;
    }
}
