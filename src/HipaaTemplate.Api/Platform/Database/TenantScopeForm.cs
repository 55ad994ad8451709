namespace HipaaTemplate.Platform.Database;

/// <summary>How the tenant reaches PostgreSQL.</summary>
internal enum TenantScopeForm
{
    /// <summary><see cref="SignedTenantScope"/></summary>
    Signed,

    /// <summary><see cref="BareTenantScope"/></summary>
    Bare,
}
