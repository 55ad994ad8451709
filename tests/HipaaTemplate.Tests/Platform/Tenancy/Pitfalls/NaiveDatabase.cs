using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Tenancy.Pitfalls;

/// <summary>
/// A database as many start: two tenants share tables with single-column keys, and only the
/// application tells them apart. Each tenant has one row.
/// </summary>
internal sealed class NaiveDatabase
{
    private readonly string url;

    private NaiveDatabase(string url) => this.url = url;

    public NaiveRow Own { get; } = new() { TenantId = Guid.CreateVersion7(), Id = Guid.CreateVersion7(), Text = "own" };

    public NaiveRow Other { get; } = new() { TenantId = Guid.CreateVersion7(), Id = Guid.CreateVersion7(), Text = "other" };

    public static async Task<NaiveDatabase> CreateAsync()
    {
        var database = new NaiveDatabase(await App.Postgres.CreateDatabaseAsync($"naive_{Guid.CreateVersion7():N}"));
        await using var superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(database.url);
        await superuser.ExecuteAsync($"""
            CREATE SCHEMA naive;
            CREATE TABLE naive.rows (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, text text UNIQUE, hidden boolean NOT NULL DEFAULT false);
            CREATE TABLE naive.notes (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, row_id uuid NOT NULL REFERENCES naive.rows, text text);
            INSERT INTO naive.rows (id, tenant_id, text) VALUES
                ('{database.Own.Id}', '{database.Own.TenantId}', 'own'), ('{database.Other.Id}', '{database.Other.TenantId}', 'other');
            """);
        return database;
    }

    /// <summary>Past everything, like the login that so many applications run as.</summary>
    public DbContextOptions<TContext> Options<TContext>()
        where TContext : DbContext => Configure(new DbContextOptionsBuilder<TContext>()).Options;

    public DbContextOptionsBuilder<TContext> Configure<TContext>(DbContextOptionsBuilder<TContext> options)
        where TContext : DbContext
    {
        options.UseNpgsql(ConnectionString);
        return options;
    }

    public string ConnectionString
    {
        get
        {
            var superuser = DatabaseUrl.Parse(App.Postgres.SuperuserUrl);
            superuser.Database = DatabaseUrl.Parse(url).Database;
            superuser.Pooling = false;
            return superuser.ConnectionString;
        }
    }

    /// <summary>With row-level security and a role that it binds; the tenant is the setting naive.tenant.</summary>
    public async Task<NpgsqlConnection> OpenBoundAsync(Guid tenant)
    {
        const string Condition = "(tenant_id = nullif(current_setting('naive.tenant', true), '')::uuid)";
        var connection = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        await connection.ExecuteAsync($"""
            DROP POLICY IF EXISTS only_own ON naive.rows;
            CREATE POLICY only_own ON naive.rows USING {Condition};
            ALTER TABLE naive.rows ENABLE ROW LEVEL SECURITY;
            DROP POLICY IF EXISTS only_own ON naive.notes;
            CREATE POLICY only_own ON naive.notes USING {Condition};
            ALTER TABLE naive.notes ENABLE ROW LEVEL SECURITY;
            GRANT USAGE ON SCHEMA naive TO {DatabaseRoles.App};
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA naive TO {DatabaseRoles.App};
            SET ROLE {DatabaseRoles.App};
            SET naive.tenant = '{tenant}';
            """);
        return connection;
    }
}

internal sealed class NaiveRow
{
    public Guid Id { get; init; }

    public Guid TenantId { get; set; }

    public string? Text { get; set; }

    public bool Hidden { get; init; }
}

internal sealed class NaiveNote
{
    public Guid Id { get; init; }

    public Guid TenantId { get; init; }

    public Guid RowId { get; init; }

    public string? Text { get; init; }
}

/// <summary>Has the right filter and no other wall. Heirs make one mistake each.</summary>
internal class NaiveContext(DbContextOptions options) : DbContext(options)
{
    public Guid Tenant { get; set; }

    public DbSet<NaiveRow> Rows => Set<NaiveRow>();

    public DbSet<NaiveNote> Notes => Set<NaiveNote>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema("naive");
        modelBuilder.Entity<NaiveRow>().ToTable("rows");
        modelBuilder.Entity<NaiveNote>().ToTable("notes");
        MapFilters(modelBuilder);
        SnakeCaseNames.Apply(modelBuilder);
    }

    protected virtual void MapFilters(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<NaiveRow>().HasQueryFilter(Filters.Tenant, row => row.TenantId == Tenant);
        modelBuilder.Entity<NaiveNote>().HasQueryFilter(Filters.Tenant, note => note.TenantId == Tenant);
    }
}
