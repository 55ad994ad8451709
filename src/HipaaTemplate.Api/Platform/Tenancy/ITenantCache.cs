namespace HipaaTemplate.Platform.Tenancy;

/// <summary>
/// Values kept in this process for a while, each for one tenant: there is no key without one. The only
/// cache here; the framework's are banned, because in them the tenant is a part of the key that
/// somebody has to remember. It may drop a value at any time, so it is never the place where one lives.
/// </summary>
internal interface ITenantCache
{
    /// <summary>The value kept under this name for this tenant, or else what <paramref name="load"/> gives.</summary>
    /// <param name="tenant">Whose value it is; handed to <paramref name="load"/>, so that it need not capture it.</param>
    /// <param name="name">What is kept, such as "tenant status". A value of another type under it is not found.</param>
    /// <param name="freshness">How old a value may be, counted from when its loading began.</param>
    /// <param name="load">Callers that come while it runs load for themselves; none waits for another.</param>
    /// <param name="ct">Handed to <paramref name="load"/>.</param>
    /// <exception cref="InvalidOperationException">The tenant's id was never set.</exception>
    ValueTask<T> GetOrLoadAsync<T>(
        TenantId tenant,
        string name,
        TimeSpan freshness,
        Func<TenantId, CancellationToken, Task<T>> load,
        CancellationToken ct);
}
