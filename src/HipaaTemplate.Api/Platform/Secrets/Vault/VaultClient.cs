using System.Text.Json;
using HipaaTemplate.Platform.Secrets.Services;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Secrets.Vault;

/// <summary>
/// Vault's HTTP API as an AppRole: one login for however many call, its token renewed before it ends and
/// replaced when it cannot be renewed or was revoked.
/// </summary>
internal sealed class VaultClient(IOptions<VaultSettings> settings, TimeProvider time, ILogger<VaultClient> logger) : IDisposable
{
    private readonly VaultSession session = new(settings.Value, time, logger);

    /// <summary>The number of the newest session: another one after each login.</summary>
    public int Session => session.Logins;

    /// <summary>How long the session lasts if it is never renewed.</summary>
    public TimeSpan SessionRest => session.Rest;

    /// <summary>The session that a call would belong to now. What Vault leases to it ends with it.</summary>
    /// <exception cref="ServiceException">There is none.</exception>
    public async ValueTask<int> CurrentSessionAsync(CancellationToken ct) => (await session.TokenAsync(ct)).Session;

    /// <param name="method">HTTP.</param>
    /// <param name="path">Below /v1/, of names that were checked.</param>
    /// <param name="members">Writes the members of what is sent; null for no body.</param>
    /// <param name="ct">The caller's deadline.</param>
    /// <param name="alsoAccept">A status that is an answer besides 200 and 204.</param>
    /// <returns>The answer, for the caller to dispose of.</returns>
    /// <exception cref="ServiceException">It was not done.</exception>
    public async Task<ServiceAnswer> SendAsync(
        HttpMethod method, string path, Action<Utf8JsonWriter>? members, CancellationToken ct, int? alsoAccept = null)
    {
        var token = await session.TokenAsync(ct);
        var answer = await session.SendAsync(token, method, path, members, ct);
        try
        {
            // Vault says 403 of a token that is none any more and of one that may not do this; only the former helps a login.
            if (answer.Status == 403 && !await session.IsGoodAsync(token, ct))
            {
                session.Drop(token);
                answer.Dispose();
                answer = await session.SendAsync(await session.TokenAsync(ct), method, path, members, ct);
            }

            if (answer.Status != alsoAccept)
            {
                VaultFailures.ThrowIfFailed(answer);
            }

            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    public void Dispose() => session.Dispose();
}
