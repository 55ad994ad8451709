using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Platform.Commands;

/// <summary>Shows of a live database that tenants are apart, with the rights that the API has and no others.</summary>
internal sealed class IsolationCommand(OwnerDatabase database, IServiceProvider services) : ICommand
{
    public string Name => "isolation";

    public string Summary => "prove that tenants are apart in the database";

    public IReadOnlyList<string> Usage =>
    [
        "isolation prove   roles, policies, grants and a probe of each table as hipaa_app and hipaa_reviewer; only reads; exit 1 when something is wrong",
    ];

    public Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct) => arguments switch
    {
        ["prove"] => ProveAsync(ct),
        _ => throw new UsageException("isolation needs its form."),
    };

    private async Task<int> ProveAsync(CancellationToken ct)
    {
        // Not in the constructor: they need settings, which --help must not.
        var scopeSql = services.GetRequiredService<ITenantScopeSql>();
        var proof = services.GetRequiredService<IsolationProof>();
        await using var db = database.CreateContext();
        var findings = await proof.RunAsync(IsolationPromise.Of(db, scopeSql), ct);
        await WriteAsync(DatabaseRoles.App, findings.Tables, scopeSql is BareTenantScope);
        await WriteAsync(DatabaseRoles.Reviewer, findings.Reviewed, scopeSql is BareTenantScope);
        foreach (var violation in findings.Violations)
        {
            await Console.Out.WriteLineAsync($"WRONG  {violation.Rule}: {violation.Subject}");
        }

        await Console.Out.WriteLineAsync(findings.Holds
            ? $"isolated: {findings.Tables.Count} tenant tables, every rule of the catalogue kept"
            : "NOT isolated");
        return findings.Holds ? ExitCode.Done : ExitCode.Failed;
    }

    private static async Task WriteAsync(string role, IReadOnlyList<TableProof> proofs, bool isBare)
    {
        await WriteRowAsync(
            $"table, as {role}", "policies", "no tenant", "unknown tenant", "forged tenant", "other tenant", "own rows");
        foreach (var proof in proofs)
        {
            await WriteRowAsync(
                proof.Table,
                proof.IsUnbound ? "INACTIVE" : "active",
                Rows(proof.ShowsNobody),
                Rows(proof.ShowsStranger),
                isBare ? "not covered" : Rows(proof.ShowsForger),
                Rows(proof.Crosses),
                $"of {proof.OwnRowsOf} tenants");
        }
    }

    private static Task WriteRowAsync(
        string table, string policies, string nobody, string stranger, string forger, string other, string own) =>
        Console.Out.WriteLineAsync(
            $"{table,-30} {policies,-8}  {nobody,-9}  {stranger,-14}  {forger,-13}  {other,-12}  {own}");

    private static string Rows(bool areShown) => areShown ? "ROWS" : "no row";
}
