using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Secrets;
using HipaaTemplate.Platform.Secrets.Vault;
using HipaaTemplate.Platform.Settings;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

internal static class DatabaseExtensions
{
    private const int MaximumRetries = 3;
    private static readonly TimeSpan MaximumRetryDelay = TimeSpan.FromSeconds(2);

    /// <summary>EF Core wants one; <see cref="AppConnectionInterceptor"/> has the connections.</summary>
    private const string NoConnection = "Host=none.invalid";

    private static readonly TenantStampInterceptor TenantStamp = new();
    private static readonly TenantFilterInterceptor TenantFilter = new();
    private static readonly StartsWithInterceptor StartsWith = new();
    private static readonly CommitInterceptor Commit = new();
    private static readonly AuditInterceptor Audit = new();

    // One instance each: another one would make EF Core build all of its services again.
    private static readonly PhiKeysInterceptor PhiKey = new();
    private static readonly PhiQueryInterceptor PhiQuery = new();
    private static readonly PhiBindInterceptor PhiBind = new();
    private static readonly PhiSealInterceptor PhiSeal = new();

    public static void AddDatabase(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<DatabaseSettings>();
        builder.Services.AddSingleton<IValidateOptions<DatabaseSettings>, CredentialsValidator>();
        builder.Services.AddSingleton<SettingsCredentials>();
        builder.Services.AddSingleton<VaultDatabaseCredentials>();
        builder.Services.AddSingleton<IDatabaseCredentials>(provider =>
            provider.GetRequiredService<IOptions<VaultSettings>>().Value.DatabaseRole is null
                ? provider.GetRequiredService<SettingsCredentials>()
                : provider.GetRequiredService<VaultDatabaseCredentials>());
        builder.Services.AddSingleton<AppPools>();
        builder.Services.AddSingleton<AppDatabase>();
        builder.Services.AddSingleton<TimeProvider, DatabaseClock>();
        builder.Services.AddSingleton<DerivedKeys>();
        builder.Services.AddSingleton<ITenantScopeSql>(provider =>
            provider.GetRequiredService<IOptions<DatabaseSettings>>().Value.TenantScope switch
            {
                TenantScopeForm.Signed => ActivatorUtilities.CreateInstance<SignedTenantScope>(provider),
                TenantScopeForm.Bare => new BareTenantScope(),
                var other => throw new InvalidOperationException($"There is no tenant scope {other}."),
            });
        builder.Services.AddSingleton<AppConnectionInterceptor>();
        builder.Services.AddSingleton<TenantScopeInterceptor>();
        builder.Services.AddSingleton<ReviewerDatabase>();
        builder.Services.AddSingleton<TenantTrail>();
        builder.Services.AddSingleton<IsolationProof>();
        builder.Services.AddPooledDbContextFactory<AppDbContext>((provider, options) => options
            .UseAppDatabase(NoConnection)
            .AddInterceptors(
                PhiKey,
                provider.GetRequiredService<AppConnectionInterceptor>(),
                provider.GetRequiredService<TenantScopeInterceptor>(),
                TenantStamp,
                PhiBind,
                PhiSeal,
                Audit,
                Commit));
        builder.Services.AddScoped(LeaseContext);
    }

    /// <summary>What the API's context and the migrating one have in common.</summary>
    public static DbContextOptionsBuilder UseAppDatabase(
        this DbContextOptionsBuilder options, string connectionString) => options
        .UseNpgsql(connectionString, npgsql => npgsql
            .MigrationsHistoryTable(DatabaseRoles.MigrationsTable, DatabaseRoles.AppSchema)
            // Protocol violation is what PgBouncer says when it lost the server in the middle of something.
            .EnableRetryOnFailure(MaximumRetries, MaximumRetryDelay, [PostgresErrorCodes.ProtocolViolation]))
        // A deleted feature leaves its tables until its fork writes the migration that drops them; a
        // convention test finds the other kind, an entity without a migration.
        .ConfigureWarnings(warnings => warnings.Ignore(
            RelationalEventId.PendingModelChangesWarning,
            // What fails is thrown and logged once, by our handler, if nobody expected it; EF Core's
            // own lines call a taken record number an error and hold the exception's text.
            RelationalEventId.CommandError,
            CoreEventId.SaveChangesFailed,
            CoreEventId.QueryIterationFailed))
        // On both, because EF Core shares compiled queries between contexts whatever their interceptors.
        .AddInterceptors(TenantFilter, StartsWith, PhiQuery)
        .ReplaceService<IMigrationsSqlGenerator, IsolationSqlGenerator>()
        .ReplaceService<IRelationalAnnotationProvider, TableAccessAnnotations>();

    private static AppDbContext LeaseContext(IServiceProvider provider)
    {
        var context = provider.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContext();
        context.Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
        var tenant = provider.GetRequiredService<TenantContext>();
        if (tenant.IsEntered)
        {
            context.SetTenant(tenant.Id);
            context.UseKeys(new PhiKeys(provider.GetRequiredService<PhiKeySource>(), tenant.Id));
            context.Record(provider.GetRequiredService<AccessRecord>());
        }

        return context;
    }
}
