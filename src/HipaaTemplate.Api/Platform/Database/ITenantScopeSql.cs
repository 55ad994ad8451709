using System.Data.Common;
using HipaaTemplate.Platform.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// How PostgreSQL is told whose rows are meant: the statement that the API sends, and the function
/// that the policies ask. One place, because a distributed PostgreSQL may want another form.
/// </summary>
internal interface ITenantScopeSql
{
    /// <summary>What <c>migrate up</c> installs and <c>isolation prove</c> compares.</summary>
    TenantFunction Function { get; }

    /// <summary>
    /// A statement whose effect ends with the transaction it runs in, so that nothing is ever left on
    /// the session, which the pool hands to somebody else. Without a tenant it takes every row away.
    /// </summary>
    TenantScope For(TenantId? tenant);

    /// <summary>
    /// Statements by which somebody with the API's role but without its keys would try to enter the
    /// tenant; <c>isolation prove</c> shows that they open nothing. Empty where nothing stops them.
    /// </summary>
    IEnumerable<string> ForgeriesOf(TenantId tenant);
}

/// <param name="Statement">One statement, without a semicolon.</param>
/// <param name="Parameter">Of the statement; null when it has none.</param>
/// <param name="ReturnsRows">True for a SELECT, whose result the reader of the query has to skip.</param>
internal readonly record struct TenantScope(string Statement, NpgsqlParameter? Parameter, bool ReturnsRows)
{
    /// <summary>Gives a setting a value for the rest of the transaction.</summary>
    public static TenantScope Set(string setting, string value) => new(
        $"SELECT set_config('{setting}', @tenant_scope, true)",
        new NpgsqlParameter<string> { ParameterName = "tenant_scope", NpgsqlDbType = NpgsqlDbType.Text, TypedValue = value },
        ReturnsRows: true);

    /// <summary>The statement by itself, for a connection that is in a transaction.</summary>
    public NpgsqlCommand CreateCommand(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(Statement, connection);
        if (Parameter is not null)
        {
            command.Parameters.Add(Parameter);
        }

        return command;
    }

    /// <summary>The statement as one of several that are sent at once, for those that follow it.</summary>
    public NpgsqlBatchCommand CreateBatchCommand()
    {
        var command = new NpgsqlBatchCommand(Statement);
        if (Parameter is not null)
        {
            command.Parameters.Add(Parameter);
        }

        return command;
    }

    /// <summary>Makes both one round trip and one transaction.</summary>
    public void PutBefore(DbCommand command)
    {
        command.CommandText = $"{Statement};\n{command.CommandText}";
        if (Parameter is not null)
        {
            command.Parameters.Insert(0, Parameter);
        }
    }

    /// <summary>Moves the reader of such a command to the result of the command itself.</summary>
    public Task SkipResultAsync(DbDataReader reader, CancellationToken ct) =>
        ReturnsRows ? reader.NextResultAsync(ct) : Task.CompletedTask;
}
