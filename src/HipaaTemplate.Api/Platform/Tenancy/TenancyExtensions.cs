namespace HipaaTemplate.Platform.Tenancy;

internal static class TenancyExtensions
{
    public static void AddTenancy(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<TenantContext>();
        builder.Services.AddSingleton<ITenantCache, TenantCache>();
        builder.Services.AddSingleton<TenantDirectory>();
        builder.Services.AddSingleton<TenantScopes>();
    }
}
