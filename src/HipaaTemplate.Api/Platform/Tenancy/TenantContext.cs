namespace HipaaTemplate.Platform.Tenancy;

/// <summary>
/// The tenant of the work at hand, one per dependency injection scope. It is filled once, from the
/// verified claim, and fails closed: asked while empty it throws, and so no query is built.
/// </summary>
internal sealed class TenantContext
{
    private TenantId? id;

    /// <exception cref="NoTenantException">No tenant was entered in this scope.</exception>
    public TenantId Id => id ?? throw new NoTenantException();

    public bool IsEntered => id is not null;

    /// <exception cref="InvalidOperationException">The scope already belongs to another tenant.</exception>
    public void Enter(TenantId tenant)
    {
        if (id is { } entered && entered != tenant)
        {
            throw new InvalidOperationException("A scope stays with the tenant it entered.");
        }

        id = TenantId.From(tenant.Value);
    }
}

internal sealed class NoTenantException() : InvalidOperationException("No tenant was entered in this scope.");
