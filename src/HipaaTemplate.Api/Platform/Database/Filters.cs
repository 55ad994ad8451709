namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Names of the query filters. Switching one off names it; the tenant filter cannot be switched off.
/// </summary>
internal static class Filters
{
    public const string Tenant = nameof(Tenant);
    public const string SoftDelete = nameof(SoftDelete);
}
