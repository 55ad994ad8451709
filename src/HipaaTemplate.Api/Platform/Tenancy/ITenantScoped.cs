namespace HipaaTemplate.Platform.Tenancy;

/// <summary>
/// A row that belongs to one tenant. Implementing it is all it takes: the model adds the column to
/// the key and to every index and filters every query; migrations add forced row-level security
/// and the API role's grants; saving stamps the tenant.
/// </summary>
internal interface ITenantScoped
{
    TenantId TenantId { get; }

    /// <summary>Made by the application (UUIDv7), so that no sequence counts across tenants.</summary>
    Guid Id { get; }
}
