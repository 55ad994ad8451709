using HipaaTemplate.Platform.Database;
using HipaaTemplate.Tests.Harness.Vault;
using HipaaTemplate.Tests.Platform.Health;

namespace HipaaTemplate.Tests.Platform.Secrets;

/// <summary>A day's lease of a database user, lived through in seconds: Vault makes users, the API moves from one to the next.</summary>
[NonParallelizable]
internal sealed class VaultUsersTests
{
    private const int Users = 4;

    private readonly LogCapture log = new();

    [Test]
    public async Task No_request_fails_while_leases_end_and_their_users_are_dropped()
    {
        await using var vault = await VaultDouble.StartAsync();
        vault.Database.OwnerConnectionString = DatabaseUrl.Parse(App.Postgres.SuperuserUrl).ConnectionString;
        vault.Database.Lease = vault.Database.LongestLife = TimeSpan.FromSeconds(5);
        var (api, _) = await App.NewApiAsync(
            new Dictionary<string, string>
            {
                ["VAULT_ADDR"] = vault.Address.AbsoluteUri,
                ["VAULT_ROLE_ID"] = VaultDouble.RoleId,
                ["VAULT_SECRET_ID"] = VaultDouble.SecretId,
                ["VAULT_DATABASE_ROLE"] = vault.Database.Role,
                ["SIGNING_SECRET"] = $"{Guid.CreateVersion7():N}",
            },
            log.Install);
        await using var stop = api;
        HashSet<string> seen = [];
        using var interleaving = await Interleaving.StartAsync(api);

        await interleaving.RunAsync(until: Eventually.IsTrueAsync(
            async () =>
            {
                await vault.Database.SweepAsync();
                seen.UnionWith(vault.Database.Users);
                return seen.Count >= Users && seen.Except(vault.Database.Users).Count() >= Users - 2;
            },
            "Too few users came and went."));

        Assert.Multiple(() =>
        {
            Assert.That(interleaving.Unexpected, Is.Empty, "requests failed");
            Assert.That(interleaving.Crossings, Is.Empty);
            Assert.That(log.Lines, Has.Some.Contains("accepted the new credentials"));
        });
        await api.ShouldBeGreenAsync();
    }
}
