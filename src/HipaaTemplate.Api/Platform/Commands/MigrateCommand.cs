using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace HipaaTemplate.Platform.Commands;

/// <summary>The only code that changes the schema. It works as hipaa_owner, never as the API's role.</summary>
internal sealed class MigrateCommand(OwnerDatabase database) : ICommand
{
    private const string BeforeTheFirst = "0";

    public string Name => "migrate";

    public string Summary => "create or change roles and schema";

    public IReadOnlyList<string> Usage =>
    [
        "migrate up                 apply what is pending; also makes the roles and sets hipaa_app's password",
        "migrate down [MIGRATION]   go back one migration, or to the one named (0: before the first)",
        "migrate status             what is applied and what is pending; exit 1 when something is",
        "migrate history            every migration of this build",
        "migrate script             idempotent SQL of roles and migrations, for review or a DBA",
    ];

    public Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct) => arguments switch
    {
        ["up"] => UpAsync(ct),
        ["down"] => DownAsync(null, ct),
        ["down", var target] => DownAsync(target, ct),
        ["status"] => StatusAsync(ct),
        ["history"] => HistoryAsync(ct),
        ["script"] => ScriptAsync(),
        _ => throw new UsageException("migrate needs one of its forms."),
    };

    private async Task<int> UpAsync(CancellationToken ct)
    {
        await using var oneAtATime = await database.BeginMigratingAsync(ct);
        await using var db = database.CreateContext();
        var pending = (await db.Database.GetPendingMigrationsAsync(ct)).ToList();
        await db.Database.MigrateAsync(ct);
        await database.CompleteAsync(ct);
        await Console.Out.WriteLineAsync(pending.Count == 0
            ? "up to date"
            : $"applied {string.Join(", ", pending)}");
        return ExitCode.Done;
    }

    private async Task<int> DownAsync(string? target, CancellationToken ct)
    {
        await using var db = database.CreateContext();
        var applied = (await db.Database.GetAppliedMigrationsAsync(ct)).ToList();
        if (applied.Count == 0)
        {
            throw new CommandException("No migration is applied.");
        }

        target ??= applied.Count > 1 ? applied[^2] : BeforeTheFirst;
        if (target != BeforeTheFirst && !applied.Contains(target, StringComparer.Ordinal))
        {
            throw new CommandException($"{target} is not an applied migration; see migrate status.");
        }

        await db.GetService<IMigrator>().MigrateAsync(target, ct);
        await Console.Out.WriteLineAsync(target == BeforeTheFirst ? "nothing is applied" : $"back at {target}");
        return ExitCode.Done;
    }

    private async Task<int> StatusAsync(CancellationToken ct)
    {
        await using var db = database.CreateContext();
        var applied = (await db.Database.GetAppliedMigrationsAsync(ct)).ToHashSet(StringComparer.Ordinal);
        var known = db.Database.GetMigrations().ToList();
        foreach (var migration in known)
        {
            await Console.Out.WriteLineAsync($"{(applied.Contains(migration) ? "applied" : "pending")}  {migration}");
        }

        foreach (var unknown in applied.Except(known, StringComparer.Ordinal))
        {
            await Console.Out.WriteLineAsync($"unknown  {unknown} (of a newer build)");
        }

        return known.TrueForAll(applied.Contains) ? ExitCode.Done : ExitCode.Failed;
    }

    private async Task<int> HistoryAsync(CancellationToken ct)
    {
        await using var db = database.CreateContext();
        foreach (var migration in db.Database.GetMigrations())
        {
            ct.ThrowIfCancellationRequested();
            await Console.Out.WriteLineAsync(migration);
        }

        return ExitCode.Done;
    }

    private async Task<int> ScriptAsync()
    {
        await using var db = database.CreateContext();
        await Console.Out.WriteLineAsync(RoleSetup.Script());
        await Console.Out.WriteLineAsync($"SET ROLE {DatabaseRoles.Owner};");
        await Console.Out.WriteLineAsync(
            db.GetService<IMigrator>().GenerateScript(options: MigrationsSqlGenerationOptions.Idempotent));
        await Console.Out.WriteLineAsync(database.TenantScopeScript());
        return ExitCode.Done;
    }
}
