using HipaaTemplate.Platform.Tenancy;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>What the API's role sees of a tenant's table. All but <paramref name="OwnRowsOf"/> must be false.</summary>
/// <param name="Table">Qualified name.</param>
/// <param name="IsUnbound">Row-level security is not active for this role.</param>
/// <param name="ShowsNobody">A row without a tenant.</param>
/// <param name="ShowsStranger">A row to a tenant that does not exist.</param>
/// <param name="ShowsForger">A row to somebody who sets a tenant's id without the key.</param>
/// <param name="Crosses">A row of another tenant to a tenant.</param>
/// <param name="OwnRowsOf">How many of the tenants tried saw rows of their own; else nothing was there to cross.</param>
internal sealed record TableProof(
    string Table, bool IsUnbound, bool ShowsNobody, bool ShowsStranger, bool ShowsForger, bool Crosses, int OwnRowsOf)
{
    public bool Holds => !IsUnbound && !ShowsNobody && !ShowsStranger && !ShowsForger && !Crosses;
}

/// <param name="Tables">Of every tenant table that the API's role can reach.</param>
/// <param name="Reviewed">Of every tenant table that hipaa_reviewer reads.</param>
/// <param name="Violations">Of the catalogue's rules.</param>
/// <param name="Holds">Nothing of it is wrong, and no table is missing.</param>
internal sealed record IsolationFindings(
    IReadOnlyList<TableProof> Tables, IReadOnlyList<TableProof> Reviewed, IReadOnlyList<IsolationViolation> Violations, bool Holds);

/// <summary>Goes at every tenant's table as the roles that the API connects as, in transactions that can only read.</summary>
internal sealed class IsolationProof(AppDatabase appDatabase, ReviewerDatabase reviewerDatabase, ITenantScopeSql scopeSql)
{
    /// <summary>Enough to see a crossing; a deployment may have thousands.</summary>
    public const int MostTenants = 20;

    public async Task<IsolationFindings> RunAsync(IsolationPromise promise, CancellationToken ct)
    {
        await using var app = await appDatabase.OpenAsync(ct);
        List<IsolationViolation> violations = [.. await IsolationAudit.RunAsync(app, promise, ct)];
        violations.AddRange(await ViolationsOfRoleAsync(app, ct));
        await using var transaction = await app.BeginTransactionAsync(ct);
        await ExecuteAsync(app, "SET TRANSACTION READ ONLY", ct);
        if (!await AcceptsTenantAsync(app, ct))
        {
            violations.Add(new IsolationViolation(
                "the API's tenant is not accepted: other settings than migrate up had, or other clocks", TenantFunction.Call));
        }

        var tenants = await TenantsAsync(app, ct);
        var tables = await ProveAsync(app, promise.TenantTables, tenants, ct);
        var reviewed = await ProveReviewerAsync(tenants, violations, ct);
        return new IsolationFindings(
            tables,
            reviewed,
            violations,
            violations.Count == 0 && tables.Count == promise.TenantTables.Length && reviewed.Count == AuditTables.Added.Length
                && tables.Concat(reviewed).All(table => table.Holds));
    }

    private async Task<IReadOnlyList<TableProof>> ProveReviewerAsync(
        IReadOnlyList<TenantId> tenants, List<IsolationViolation> violations, CancellationToken ct)
    {
        try
        {
            await using var reviewer = await reviewerDatabase.OpenAsync(ct);
            await using var transaction = await reviewer.BeginTransactionAsync(ct);
            await ExecuteAsync(reviewer, "SET TRANSACTION READ ONLY", ct);
            return await ProveAsync(reviewer, AuditTables.Added, tenants, ct);
        }
        catch (PostgresException e) when (AppPools.IsRefusal(e))
        {
            violations.Add(new IsolationViolation("cannot log in: other settings than migrate up had", DatabaseRoles.Reviewer));
            return [];
        }
    }

    private static async Task<List<IsolationViolation>> ViolationsOfRoleAsync(NpgsqlConnection app, CancellationToken ct)
    {
        List<IsolationViolation> violations = [];
        foreach (var (rule, condition) in new[]
        {
            ("the API's role has rights that pass row-level security", AppRole.CanPass),
            ($"the API's role holds a privilege that {DatabaseRoles.App} does not", AppRole.HoldsMore),
        })
        {
            if (await IsTrueAsync(app, condition, ct))
            {
                violations.Add(new IsolationViolation(rule, "the role that the API connects as"));
            }
        }

        return violations;
    }

    private async Task<IReadOnlyList<TableProof>> ProveAsync(
        NpgsqlConnection app, IReadOnlyList<string> tables, IReadOnlyList<TenantId> tenants, CancellationToken ct)
    {
        List<TableProof> proofs = [];
        foreach (var table in tables)
        {
            if (await IsTrueAsync(app, $"has_table_privilege(to_regclass('{table}'), 'SELECT')", ct))
            {
                proofs.Add(await ProveAsync(app, table, tenants, ct));
            }
        }

        return proofs;
    }

    private async Task<TableProof> ProveAsync(
        NpgsqlConnection app, string table, IReadOnlyList<TenantId> tenants, CancellationToken ct)
    {
        var anyRow = $"EXISTS (SELECT FROM {table})";
        var isUnbound = !await IsTrueAsync(app, $"row_security_active('{table}')", ct);
        await EnterAsync(app, null, ct);
        var showsNobody = await IsTrueAsync(app, anyRow, ct);
        await EnterAsync(app, TenantId.From(Guid.CreateVersion7()), ct);
        var showsStranger = await IsTrueAsync(app, anyRow, ct);
        var (showsForger, crosses, ownRowsOf) = (false, false, 0);
        foreach (var tenant in tenants)
        {
            await EnterAsync(app, tenant, ct);
            ownRowsOf += await IsTrueAsync(app, anyRow, ct) ? 1 : 0;
            crosses |= await IsTrueAsync(app, $"EXISTS (SELECT FROM {table} WHERE tenant_id <> '{tenant}')", ct);
            foreach (var forgery in scopeSql.ForgeriesOf(tenant))
            {
                await EnterAsync(app, null, ct);
                await ExecuteAsync(app, forgery, ct);
                showsForger |= await IsTrueAsync(app, anyRow, ct);
            }
        }

        return new TableProof(table, isUnbound, showsNobody, showsStranger, showsForger, crosses, ownRowsOf);
    }

    private async Task<bool> AcceptsTenantAsync(NpgsqlConnection app, CancellationToken ct)
    {
        var tenant = TenantId.From(Guid.CreateVersion7());
        await EnterAsync(app, tenant, ct);
        return await IsTrueAsync(app, $"{TenantFunction.Call} = '{tenant}'", ct);
    }

    private async Task EnterAsync(NpgsqlConnection app, TenantId? tenant, CancellationToken ct)
    {
        await using var command = scopeSql.For(tenant).CreateCommand(app);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<List<TenantId>> TenantsAsync(NpgsqlConnection app, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT id FROM app.tenants ORDER BY created_at, id LIMIT {MostTenants}", app);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<TenantId> tenants = [];
        while (await reader.ReadAsync(ct))
        {
            tenants.Add(TenantId.From(reader.GetGuid(0)));
        }

        return tenants;
    }

    private static async Task<bool> IsTrueAsync(NpgsqlConnection app, string condition, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"SELECT {condition}", app);
        return await command.ExecuteScalarAsync(ct) is true;
    }

    private static async Task ExecuteAsync(NpgsqlConnection app, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, app);
        await command.ExecuteNonQueryAsync(ct);
    }
}
