using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Authentication.Revocation;

/// <summary>
/// The deny list as this instance knows it. No token is let in by one that is older than
/// <see cref="MaximumAge"/>: what is revoked anywhere holds everywhere within five seconds, and without the
/// database nobody is let in.
/// </summary>
internal sealed class RevocationList
{
    public static readonly TimeSpan MaximumAge = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan RefreshAfter = TimeSpan.FromSeconds(2);

    /// <summary>Rows show up in the order of their commits, not of their times; a statement takes less than this.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(1);

    /// <summary>Then the last token that a line means has run out.</summary>
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(TokenTimes.LongestLife + (2 * TokenTimes.Skew));

    /// <summary>Between them only what is new is read.</summary>
    private static readonly TimeSpan CompleteEvery = TimeSpan.FromMinutes(5);

    private readonly IDbContextFactory<AppDbContext> contexts;
    private readonly TimeProvider time;
    private readonly Refreshed<Revocations> list;

    public RevocationList(IDbContextFactory<AppDbContext> contexts, TimeProvider time, ILogger<RevocationList> logger)
    {
        this.contexts = contexts;
        this.time = time;
        list = new Refreshed<Revocations>(LoadAsync, RefreshAfter, MaximumAge, time, logger);
    }

    public ValueTask<Revocations> GetAsync(CancellationToken ct) => list.GetAsync(ct);

    /// <summary>From now on, here; within five seconds elsewhere.</summary>
    /// <param name="issuer">Of the tokens.</param>
    /// <param name="kind">What <paramref name="value"/> names.</param>
    /// <param name="value">A session's or a subject's id.</param>
    /// <param name="within">The only tenant whose tokens are meant; null for all of this issuer.</param>
    public async Task AddAsync(string issuer, RevocationKind kind, string value, TenantId? within, CancellationToken ct)
    {
        // A token's times have seconds only, so one issued later in this second counts as issued before.
        var now = time.GetUtcNow();
        var (id, tenant, expires) = (Guid.CreateVersion7(), within?.Value, now + Lasting);
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO app.revoked_tokens (id, issuer, kind, value, within_tenant, issued_until, recorded_at, expires_at)
                VALUES ({id}, {issuer}, {(short)kind}, {value}, {tenant}, {now}, clock_timestamp(), {expires})
                ON CONFLICT (id) DO NOTHING
                """,
                ct);
        }

        await list.ReloadAsync(ct);
    }

    /// <summary>
    /// What a logout token says, in all tenants. Id and line are stored together or not at all, so that an
    /// issuer that hears of a failure can send the token again.
    /// </summary>
    /// <returns>False when the token was used before; nothing is added then.</returns>
    public async Task<bool> TryAddOnceAsync(LoggedOut ended, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var expires = now + Lasting;
        (RevocationKind Kind, string Value)[] lines = (ended.SessionId, ended.Subject) switch
        {
            (null, { } subject) => [(RevocationKind.Subject, subject)],
            ({ } session, null) => [(RevocationKind.Session, session)],
            // RFC 9068 knows no sid, so the access tokens of this session may not name it.
            ({ } session, { } subject) => [(RevocationKind.Session, session), (RevocationKind.SubjectWithoutSession, subject)],
            _ => throw new ArgumentException("Nobody is named.", nameof(ended)),
        };
        var ids = Array.ConvertAll(lines, _ => Guid.CreateVersion7());
        var (kinds, values) = (Array.ConvertAll(lines, line => (short)line.Kind), Array.ConvertAll(lines, line => line.Value));
        var (usedId, usedUntil) = (SingleUse.HashOf("logout token", ended.Issuer, ended.TokenId), ended.TokenExpires + SingleUse.Margin);
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            var added = await db.Database.ExecuteSqlAsync(
                $"""
                WITH used AS (
                    INSERT INTO app.used_ids (id, expires_at) VALUES ({usedId}, {usedUntil}) ON CONFLICT DO NOTHING RETURNING id)
                INSERT INTO app.revoked_tokens (id, issuer, kind, value, issued_until, recorded_at, expires_at)
                SELECT line.id, {ended.Issuer}, line.kind, line.value, {now}, clock_timestamp(), {expires}
                FROM used, unnest({ids}, {kinds}, {values}) AS line (id, kind, value)
                """,
                ct);
            if (added == 0)
            {
                return false;
            }
        }

        await list.ReloadAsync(ct);
        return true;
    }

    private async Task<Revocations> LoadAsync(Revocations? before, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var now = time.GetUtcNow();
        var rows = db.Set<RevokedTokens>().AsNoTracking();
        if (before is null || now - before.CompleteSince >= CompleteEvery)
        {
            await db.Database.ExecuteSqlAsync($"DELETE FROM app.revoked_tokens WHERE expires_at < now()", ct);
            await db.Database.ExecuteSqlAsync($"DELETE FROM app.used_ids WHERE expires_at < now()", ct);
            return Revocations.Of(await rows.ToListAsync(ct), now);
        }

        if (before.Newest is not { } newest)
        {
            return before.With(await rows.ToListAsync(ct));
        }

        // Not newest alone: the database's clock may have been set back, and a line may lie about its time.
        return before.With(await db.Set<RevokedTokens>()
            .FromSql($"SELECT * FROM app.revoked_tokens WHERE recorded_at > least({newest}, clock_timestamp()) - {Overlap}")
            .AsNoTracking()
            .ToListAsync(ct));
    }
}
