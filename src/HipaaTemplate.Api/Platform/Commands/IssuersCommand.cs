using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Commands;

/// <summary>
/// Registers issuers while the API runs: a tenant that brings its own identity provider. Operators do this; no
/// token and no endpoint can.
/// </summary>
internal sealed class IssuersCommand(OwnerDatabase database, VerbEvents events, IServiceProvider services, TimeProvider time) : ICommand
{
    public string Name => "issuers";

    public string Summary => "register tenants' own identity providers";

    public IReadOnlyList<string> Usage =>
    [
        "issuers list            issuers in the database, each with its definition",
        "issuers add FILE        JSON with issuer, tenant or tenants, and audiences or client_ids (docs/AUTH_CONFIGURATION.md); replaces one of the same issuer",
        "issuers remove ISSUER   refuses its tokens within ten seconds",
    ];

    public Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct) => arguments switch
    {
        ["list"] => ListAsync(ct),
        ["add", var file] => AddAsync(file, ct),
        ["remove", var issuer] => RemoveAsync(issuer, ct),
        _ => throw new UsageException("issuers needs one of its forms."),
    };

    private async Task<int> ListAsync(CancellationToken ct)
    {
        await using var db = database.CreateContext();
        await foreach (var row in db.Issuers.AsNoTracking().OrderBy(i => i.Issuer).AsAsyncEnumerable().WithCancellation(ct))
        {
            await Console.Out.WriteLineAsync(row.Definition);
        }

        return ExitCode.Done;
    }

    private async Task<int> AddAsync(string file, CancellationToken ct)
    {
        if (!File.Exists(file))
        {
            throw new CommandException("There is no such file.");
        }

        var definition = IssuerDefinition.TryParse(await File.ReadAllTextAsync(file, ct))
            ?? throw new CommandException("The file is not the JSON of one issuer; see docs/AUTH_CONFIGURATION.md.");
        using var log = events.OpenPlatform($"issuer={definition.Issuer}");
        await database.InTransactionAsync(
            async db =>
            {
                await CheckAsync(definition, db, ct);
                var row = await db.Issuers.SingleOrDefaultAsync(i => i.Issuer == definition.Issuer, ct);
                if (row is null)
                {
                    db.Issuers.Add(new RegisteredIssuer
                    {
                        Id = Guid.CreateVersion7(),
                        Issuer = definition.Issuer,
                        Definition = definition.ToJson(),
                        CreatedAt = time.GetUtcNow(),
                    });
                }
                else
                {
                    row.Definition = definition.ToJson();
                }

                await db.SaveChangesAsync(ct);
                await log.AddAsync(db, AuditAction.ChangeIssuer, row is null ? "registered" : "replaced", patient: null, ct);
                return true;
            },
            ct);
        await Console.Out.WriteLineAsync($"registered {definition.Issuer}");
        return ExitCode.Done;
    }

    private async Task CheckAsync(IssuerDefinition definition, AppDbContext db, CancellationToken ct)
    {
        var isDevelopment = services.GetRequiredService<IOptions<ServerSettings>>().Value.IsDevelopment;
        if (IssuerRegistration.TryCreate(definition, isDevelopment, out var problems) is null)
        {
            throw new CommandException(string.Join('\n', problems));
        }

        if (services.GetRequiredService<IOptions<AuthenticationSettings>>().Value.Registrations(isDevelopment)
            .Any(configured => configured.Issuer == definition.Issuer))
        {
            throw new CommandException("The settings name this issuer already, and they win.");
        }

        string[] tenants = definition.DedicatedTo is { } dedicated ? [dedicated] : definition.Tenants;
        if (tenants.Length == 0)
        {
            throw new CommandException("tenant or tenants must say for whom this issuer speaks.");
        }

        foreach (var text in tenants)
        {
            if (!TenantId.TryParse(text, out var id) || !await db.Tenants.AnyAsync(t => t.Id == id, ct))
            {
                throw new CommandException("A tenant is not registered; see tenants list.");
            }
        }
    }

    private async Task<int> RemoveAsync(string issuer, CancellationToken ct)
    {
        using var log = events.OpenPlatform($"issuer={issuer}");
        return await database.InTransactionAsync(
            async db =>
            {
                if (await db.Issuers.Where(i => i.Issuer == issuer).ExecuteDeleteAsync(ct) != 1)
                {
                    throw new CommandException("The database has no such issuer; see issuers list.");
                }

                await log.AddAsync(db, AuditAction.ChangeIssuer, "removed", patient: null, ct);
                return ExitCode.Done;
            },
            ct);
    }
}
