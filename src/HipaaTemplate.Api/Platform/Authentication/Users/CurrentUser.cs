using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Authentication.Users;

/// <summary>The user of a token, under the id that this tenant has for it; made when it is first asked for.</summary>
internal sealed class CurrentUser(TenantScopes scopes, TenantContext tenant, ITenantCache cache, TimeProvider time)
{
    /// <summary>An id never changes; the cache only keeps what is in use.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromHours(1);

    public ValueTask<Guid> FindOrLinkAsync(AccessToken token, CancellationToken ct) => cache.GetOrLoadAsync(
        tenant.Id,
        $"user {token.Issuer.Registration.Issuer}\n{token.Subject}",
        Freshness,
        (_, stop) => LoadAsync(token.Issuer.Registration.Issuer, token.Subject, stop),
        ct);

    /// <summary>A unit of work of its own: that of the request may hold changes that nobody asked to save.</summary>
    private async Task<Guid> LoadAsync(string issuer, string subject, CancellationToken ct)
    {
        await using var scope = scopes.Enter(tenant.Id);
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        if (await FindAsync(db, issuer, subject, ct) is { } known)
        {
            return known;
        }

        var user = new User { Id = Guid.CreateVersion7(), Issuer = issuer, Subject = subject, CreatedAt = time.GetUtcNow() };
        db.Add(user);
        if (await db.TrySaveUniqueAsync(ct))
        {
            return user.Id;
        }

        // Another request was first with the same user.
        db.Entry(user).State = EntityState.Detached;
        return await FindAsync(db, issuer, subject, ct) ?? throw new InvalidOperationException("The user that was there is gone.");
    }

    private static Task<Guid?> FindAsync(AppDbContext db, string issuer, string subject, CancellationToken ct) => db.Set<User>()
        .Where(user => user.Issuer == issuer && user.Subject == subject)
        .Select(user => (Guid?)user.Id)
        .SingleOrDefaultAsync(ct);
}
