using System.Collections.Frozen;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Authentication.Issuers;

/// <summary>An issuer whose tokens are accepted, with its keys. Another registration is another object.</summary>
internal sealed record TrustedIssuer(IssuerRegistration Registration, IssuerKeys Keys);

/// <summary>
/// Every issuer whose tokens are accepted: those of the settings, and those of the database, which a running
/// instance learns of, or forgets, within <see cref="MaximumAge"/>. No token makes it ask anybody.
/// </summary>
internal sealed partial class IssuerDirectory
{
    public static readonly TimeSpan MaximumAge = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RefreshAfter = TimeSpan.FromSeconds(5);

    private readonly IssuerDocuments documents;
    private readonly IssuerPatience patience;
    private readonly IDbContextFactory<AppDbContext> contexts;
    private readonly TimeProvider time;
    private readonly ILoggerFactory loggers;
    private readonly ILogger<IssuerDirectory> logger;
    private readonly bool isDevelopment;
    private readonly FrozenDictionary<string, TrustedIssuer> configured;
    private readonly Refreshed<RegisteredIssuers> registered;

    public IssuerDirectory(
        IOptions<AuthenticationSettings> settings,
        IOptions<ServerSettings> server,
        IssuerDocuments documents,
        IssuerPatience patience,
        IDbContextFactory<AppDbContext> contexts,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        this.documents = documents;
        this.patience = patience;
        this.contexts = contexts;
        this.time = time;
        this.loggers = loggers;
        logger = loggers.CreateLogger<IssuerDirectory>();
        isDevelopment = server.Value.IsDevelopment;
        Configured = [.. settings.Value.Registrations(isDevelopment).Select(registration => Trust(registration, IssuerDocuments.OperatorsClient))];
        AcceptProofs = Configured.Any(issuer => issuer.Registration.Dpop != DpopMode.Off);
        configured = Configured.ToFrozenDictionary(issuer => issuer.Registration.Issuer);
        registered = new Refreshed<RegisteredIssuers>(LoadAsync, RefreshAfter, MaximumAge, time, logger);
    }

    /// <summary>Those of the settings, the primary one first.</summary>
    public IReadOnlyList<TrustedIssuer> Configured { get; }

    /// <summary>Whether clients are told that they may prove possession of a key.</summary>
    public bool AcceptProofs { get; }

    /// <returns>Null for an issuer that nobody registered.</returns>
    public ValueTask<TrustedIssuer?> FindAsync(string issuer, CancellationToken ct)
    {
        if (configured.TryGetValue(issuer, out var found))
        {
            return ValueTask.FromResult<TrustedIssuer?>(found);
        }

        var view = registered.GetAsync(ct);
        return view.IsCompletedSuccessfully
            ? ValueTask.FromResult(view.Result.ByIssuer.GetValueOrDefault(issuer)?.Issuer)
            : FindSlowlyAsync(view, issuer);
    }

    private static async ValueTask<TrustedIssuer?> FindSlowlyAsync(ValueTask<RegisteredIssuers> view, string issuer) =>
        (await view).ByIssuer.GetValueOrDefault(issuer)?.Issuer;

    /// <summary>A definition that has not changed keeps its object, and with it the keys that were read.</summary>
    private async Task<RegisteredIssuers> LoadAsync(RegisteredIssuers? before, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var rows = await db.Issuers.AsNoTracking().Select(row => new { row.Issuer, row.Definition }).ToListAsync(ct);
        Dictionary<string, RegisteredIssuers.Entry> entries = [];
        foreach (var row in rows)
        {
            if (before?.ByIssuer.GetValueOrDefault(row.Issuer) is { } known && known.Definition == row.Definition)
            {
                entries[row.Issuer] = known;
            }
            else
            {
                entries[row.Issuer] = new RegisteredIssuers.Entry(row.Definition, TryTrust(row.Issuer, row.Definition));
            }
        }

        return new RegisteredIssuers(entries);
    }

    private TrustedIssuer? TryTrust(string issuer, string json)
    {
        if (IssuerDefinition.TryParse(json) is { } definition
            && definition.Issuer == issuer
            && (definition.DedicatedTo is not null || definition.Tenants.Length > 0)
            && IssuerRegistration.TryCreate(definition, isDevelopment, out _) is { } registration)
        {
            return Trust(registration, IssuerDocuments.TenantsClient);
        }

        // `issuers add` refuses such a row; it was written by hand or by another build.
        DefinitionUnusable(logger, issuer);
        return null;
    }

    private TrustedIssuer Trust(IssuerRegistration registration, string clientName) => new(
        registration,
        new IssuerKeys(
            registration, ct => documents.ReadAsync(registration, clientName, ct), patience, time, loggers.CreateLogger<IssuerKeys>()));

    [LoggerMessage(1403, LogLevel.Error, "The registration of issuer {issuer} in the database cannot be used")]
    private static partial void DefinitionUnusable(ILogger logger, string issuer);

    private sealed record RegisteredIssuers(IReadOnlyDictionary<string, RegisteredIssuers.Entry> ByIssuer)
    {
        /// <param name="Issuer">Null for a definition that cannot be used, which is logged once and not at each reading.</param>
        public sealed record Entry(string Definition, TrustedIssuer? Issuer);
    }
}
