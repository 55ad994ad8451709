using HipaaTemplate.Platform.Tenancy;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// How PostgreSQL is told whose rows are meant. One place, because it is the one statement that a
/// distributed PostgreSQL may want in another form.
/// </summary>
internal interface ITenantScopeSql
{
    /// <summary>
    /// A statement whose effect ends with the transaction it runs in, so that nothing is ever left on
    /// the session, which the pool hands to somebody else. Without a tenant it takes every row away.
    /// </summary>
    TenantScope For(TenantId? tenant);
}

/// <param name="Statement">One statement, without a semicolon.</param>
/// <param name="Parameter">Of the statement; null when it has none.</param>
/// <param name="ReturnsRows">True for a SELECT, whose result the reader of the query has to skip.</param>
internal readonly record struct TenantScope(string Statement, NpgsqlParameter? Parameter, bool ReturnsRows);

internal static class TenantScopeExtensions
{
    /// <summary>Scopes what follows in this transaction.</summary>
    public static async Task EnterTenantAsync(
        this NpgsqlTransaction transaction, ITenantScopeSql scopeSql, TenantId? tenant, CancellationToken ct)
    {
        var scope = scopeSql.For(tenant);
        await using var command = new NpgsqlCommand(scope.Statement, transaction.Connection, transaction);
        if (scope.Parameter is { } parameter)
        {
            command.Parameters.Add(parameter);
        }

        await command.ExecuteNonQueryAsync(ct);
    }
}
