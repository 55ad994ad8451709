using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Authentication.Revocation;
using HipaaTemplate.Platform.Authentication.Users;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Erasure;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The unit of work. It is pooled, so the tenant is put on when it is leased and taken off when it
/// goes back; without a tenant no query of a tenant's table can be built.
/// </summary>
internal sealed class AppDbContext(DbContextOptions<AppDbContext> options) : DbContext(options)
{
    private TenantId? tenantId;

    /// <summary>Read by the query filters and the interceptors at each use, never captured.</summary>
    /// <exception cref="NoTenantException">No tenant was set on this lease.</exception>
    public TenantId TenantId => tenantId ?? throw new NoTenantException();

    public bool HasTenant => tenantId is not null;

    /// <exception cref="InvalidOperationException">This lease already has another tenant.</exception>
    public void SetTenant(TenantId tenant)
    {
        if (tenantId is { } current && current != tenant)
        {
            throw new InvalidOperationException("A leased context stays with its tenant.");
        }

        tenantId = TenantId.From(tenant.Value);
    }

    /// <summary>Null where patients' data is neither read nor written.</summary>
    public PhiKeys? Keys { get; private set; }

    public void UseKeys(PhiKeys keys) => Keys = keys;

    /// <summary>What this unit of work does with patients' data; null where it does nothing.</summary>
    public AccessRecord? Access { get; private set; }

    public void Record(AccessRecord access)
    {
        Access = access;
        access.Attach(this);
    }

    // Pooled: Dispose is the return to the pool, and the next lease must not inherit anything.
    public override void Dispose()
    {
        Forget();
        base.Dispose();
    }

    public override async ValueTask DisposeAsync()
    {
        if (Access is { } access)
        {
            await access.EndAsync();
        }

        Forget();
        await base.DisposeAsync();
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<TenantId>().HaveConversion<TenantIdConverter>();
        configurationBuilder.Properties(typeof(Phi<>)).HaveColumnType("bytea");
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(DatabaseRoles.AppSchema);
        modelBuilder.HasPostgresExtension("vector");
        modelBuilder.Entity<Tenant>(Tenant.Map);
        modelBuilder.Entity<RegisteredIssuer>(RegisteredIssuer.Map);
        modelBuilder.Entity<RevokedTokens>(RevokedTokens.Map);
        modelBuilder.Entity<UsedId>(UsedId.Map);
        modelBuilder.Entity<User>(User.Map);
        modelBuilder.Entity<TenantKey>(TenantKey.Map);
        modelBuilder.Entity<SubjectKey>(SubjectKey.Map);
        modelBuilder.Entity<KeyUse>(KeyUse.Map);
        modelBuilder.Entity<LegalHold>(LegalHold.Map);
        modelBuilder.Entity<AuditAlert>(AuditAlert.Map);
        modelBuilder.Entity<WatchedPatient>(WatchedPatient.Map);
        modelBuilder.Entity<AlertCursor>(AlertCursor.Map);
        foreach (var feature in this.GetService<FeatureCatalog>().Features)
        {
            feature.MapEntities(modelBuilder);
        }

        StartsWithInterceptor.Map(modelBuilder);
        PhiModel.Apply(modelBuilder);
        TenantModel.Apply(modelBuilder, this);
        SnakeCaseNames.Apply(modelBuilder);
    }

    private void Forget()
    {
        tenantId = null;
        Keys?.Dispose();
        Keys = null;
        Access = null;
    }
}
