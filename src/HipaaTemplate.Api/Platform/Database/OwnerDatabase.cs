using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>The database as its owner, for verbs. The serving API never uses it.</summary>
internal sealed class OwnerDatabase(IOptions<DatabaseSettings> settings, IServiceProvider services)
{
    // Not in the constructor: it needs settings, which --help must not.
    private ITenantScopeSql TenantScope => services.GetRequiredService<ITenantScopeSql>();

    /// <summary>As the login of DATABASE_URL, which may create roles.</summary>
    public async Task<NpgsqlConnection> OpenLoginAsync(CancellationToken ct)
    {
        var connection = new NpgsqlConnection(settings.Value.LoginConnectionString());
        await connection.OpenAsync(ct);
        return connection;
    }

    /// <summary>
    /// Makes the roles that migrations grant to. Two releases may begin at once: the second waits here
    /// until the first one disposes what it was given.
    /// </summary>
    public async Task<IAsyncDisposable> BeginMigratingAsync(CancellationToken ct)
    {
        var login = await OpenLoginAsync(ct);
        try
        {
            await using var oneAtATime = new NpgsqlCommand($"SELECT pg_advisory_lock({AdvisoryLocks.Migrating})", login);
            await oneAtATime.ExecuteNonQueryAsync(ct);
            await RoleSetup.ApplyAsync(login, settings.Value, ct);
            return login;
        }
        catch
        {
            await login.DisposeAsync();
            throw;
        }
    }

    /// <summary>As hipaa_owner: what it creates belongs to that role, and policies bind it.</summary>
    public AppDbContext CreateContext()
    {
        var options = new DbContextOptionsBuilder<AppDbContext>();
        // A verb's standard output is its result; what fails reaches the operator as an exception.
        options.UseAppDatabase(settings.Value.OwnerConnectionString())
            .UseApplicationServiceProvider(services)
            .UseLoggerFactory(NullLoggerFactory.Instance);
        return new AppDbContext(options.Options);
    }

    /// <summary>Work as hipaa_owner on what is no tenant's, in one transaction; it may run again when the connection fails.</summary>
    public Task<T> InTransactionAsync<T>(Func<AppDbContext, Task<T>> work, CancellationToken ct) => InTransactionAsync(null, work, ct);

    /// <summary>Likewise on one tenant's rows.</summary>
    public Task<T> InTenantAsync<T>(TenantId tenant, Func<AppDbContext, Task<T>> work, CancellationToken ct) => InTransactionAsync(tenant, work, ct);

    /// <summary>What every migrate up does: see <see cref="TenantScopeSetup"/>, and the coming months of the audit trail.</summary>
    public async Task CompleteAsync(CancellationToken ct)
    {
        await using var owner = new NpgsqlConnection(settings.Value.OwnerConnectionString());
        await owner.OpenAsync(ct);
        await TenantScopeSetup.ApplyAsync(owner, TenantScope, services.GetRequiredService<DerivedKeys>(), ct);
        await using var partitions = new NpgsqlCommand(AuditTables.MakePartitions, owner);
        await partitions.ExecuteNonQueryAsync(ct);
    }

    public string TenantScopeScript() => TenantScopeSetup.Script(TenantScope);

    private async Task<T> InTransactionAsync<T>(TenantId? tenant, Func<AppDbContext, Task<T>> work, CancellationToken ct)
    {
        await using var db = CreateContext();
        if (tenant is { } entered)
        {
            db.SetTenant(entered);
        }

        return await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            if (tenant is { } id)
            {
                await db.Database.ExecuteSqlAsync($"SELECT keys.enter_tenant({id.Value})", ct);
            }

            var result = await work(db);
            await transaction.CommitAsync(ct);
            return result;
        });
    }
}
