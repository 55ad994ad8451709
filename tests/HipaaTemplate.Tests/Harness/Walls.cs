using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// An API with one or both of its walls taken away. The switches are here and not in the product: a
/// published build has none.
/// </summary>
internal static class Walls
{
    /// <param name="withFilter">False: no query is filtered by tenant.</param>
    /// <param name="withPolicies">False: no policy and no row-level security in its database.</param>
    public static async Task<(ApiHost Api, string DatabaseUrl)> NewApiAsync(
        bool withFilter,
        bool withPolicies,
        Server server = Server.Direct,
        IReadOnlyDictionary<string, string>? settings = null)
    {
        var (api, url) = await App.NewApiAsync(server, settings, services =>
        {
            if (!withFilter)
            {
                TakeFilterAway(services);
            }

            if (!withFilter && !withPolicies)
            {
                services.WithoutLog();
            }
        });
        if (!withPolicies)
        {
            await TakePoliciesAwayAsync(api, url);
        }

        return (api, url);
    }

    /// <summary>No filter, no policies, and no word of the tenant to PostgreSQL: what the walls cost is measured beside it.</summary>
    public static async Task<ApiHost> NewOpenApiAsync()
    {
        var (api, url) = await App.NewApiAsync(configureServices: services =>
        {
            TakeFilterAway(services);
            services.ConfigureDbContext<AppDbContext>(Interceptors.Remove<TenantScopeInterceptor>);
        });
        await TakePoliciesAwayAsync(api, url);
        return api;
    }

    private static void TakeFilterAway(IServiceCollection services) =>
        services.ConfigureDbContext<AppDbContext>(options =>
            options.ReplaceService<IModelCustomizer, WithoutTenantFilter>());

    private static async Task TakePoliciesAwayAsync(ApiHost api, string url)
    {
        await using var superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        foreach (var table in api.IsolationPromise().TenantTables)
        {
            await superuser.ExecuteAsync($"""
                DROP POLICY tenant_isolation ON {table};
                ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
                ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
                """);
        }
    }

    private sealed class WithoutTenantFilter(ModelCustomizerDependencies dependencies)
        : RelationalModelCustomizer(dependencies)
    {
        public override void Customize(ModelBuilder modelBuilder, DbContext context)
        {
            base.Customize(modelBuilder, context);
            foreach (var entity in modelBuilder.Model.GetEntityTypes())
            {
                if (typeof(ITenantScoped).IsAssignableFrom(entity.ClrType))
                {
                    entity.SetQueryFilter(Filters.Tenant, null);
                }
            }
        }
    }
}
