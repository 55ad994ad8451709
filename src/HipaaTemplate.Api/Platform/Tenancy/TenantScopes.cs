namespace HipaaTemplate.Platform.Tenancy;

/// <summary>
/// The way into a tenant's data for work that is no request: a job, a message, a verb. Nothing of the
/// surrounding code counts, not even the request that started the work: a tenant is named, or there is none.
/// </summary>
internal sealed class TenantScopes(IServiceScopeFactory scopes)
{
    /// <summary>
    /// A dependency injection scope that has entered this tenant; <c>AppDbContext</c> and whatever else it
    /// gives sees that tenant only. The caller disposes it. One scope is one unit of work: parallel work
    /// takes a scope each. The tenant's status is not asked for.
    /// </summary>
    /// <exception cref="InvalidOperationException">The id was never set.</exception>
    public AsyncServiceScope Enter(TenantId tenant)
    {
        var scope = scopes.CreateAsyncScope();
        try
        {
            scope.ServiceProvider.GetRequiredService<TenantContext>().Enter(tenant);
            return scope;
        }
        catch
        {
            scope.Dispose();
            throw;
        }
    }
}
