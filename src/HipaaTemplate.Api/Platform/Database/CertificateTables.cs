namespace HipaaTemplate.Platform.Database;

/// <summary>Tables of certificates of erasure. Only the owner reads and writes them, so no EF model knows them.</summary>
internal static class CertificateTables
{
    /// <summary>The keys that sign, each sealed.</summary>
    public const string Keys = $"{TenantScopeKeys.Schema}.signing_keys";

    /// <summary>What was signed: so that none is lost with a terminal.</summary>
    public const string Certificates = $"{TenantScopeKeys.Schema}.certificates";
}
