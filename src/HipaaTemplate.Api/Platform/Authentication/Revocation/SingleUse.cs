using System.Security.Cryptography;
using System.Text;
using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Platform.Authentication.Revocation;

/// <summary>
/// An id that may be used once: of a proof of possession or of a logout token. A global table, because
/// neither has a tenant; it holds hashes, and the API can add rows and remove expired ones.
/// </summary>
internal sealed class UsedId
{
    /// <summary>SHA-256 of purpose, owner and id.</summary>
    public required byte[] Id { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    internal static void Map(EntityTypeBuilder<UsedId> used)
    {
        used.ToTable("used_ids");
        used.HasKey(u => u.Id);
        used.Property(u => u.Id).ValueGeneratedNever();
        used.HasIndex(u => u.ExpiresAt);
    }
}

/// <summary>
/// Remembers ids for all instances, as long as whatever carries them could be shown again;
/// <see cref="RevocationList"/> removes the expired ones with its own.
/// </summary>
internal sealed class SingleUse(IDbContextFactory<AppDbContext> contexts)
{
    /// <summary>For clocks that differ: the database's decides when a row may go.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    /// <param name="purpose">What kind of id it is.</param>
    /// <param name="owner">Whoever must not repeat it.</param>
    /// <param name="id">Of any length.</param>
    /// <param name="until">When what carries it is refused for its age.</param>
    /// <returns>False when it was used before, on any instance.</returns>
    public async Task<bool> TryUseAsync(string purpose, string owner, string id, DateTimeOffset until, CancellationToken ct)
    {
        var hash = HashOf(purpose, owner, id);
        var expires = until + Margin;
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Database.ExecuteSqlAsync(
            $"INSERT INTO app.used_ids (id, expires_at) VALUES ({hash}, {expires}) ON CONFLICT DO NOTHING", ct) == 1;
    }

    /// <summary>What stands in the table; no two ids give the same.</summary>
    public static byte[] HashOf(string purpose, string owner, string id) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{purpose}\n{owner.Length}\n{owner}\n{id}"));
}
