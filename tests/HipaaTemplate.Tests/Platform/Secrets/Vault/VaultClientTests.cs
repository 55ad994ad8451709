using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Secrets.Services;
using HipaaTemplate.Platform.Secrets.Vault;
using HipaaTemplate.Tests.Harness.Vault;

namespace HipaaTemplate.Tests.Platform.Secrets.Vault;

/// <summary>The session with Vault: one login, renewed while that goes, and what happens when it does not.</summary>
internal sealed class VaultClientTests
{
    private VaultRig rig = null!;
    private VaultClient client = null!;

    private static IEnumerable<VaultCondition> Conditions =>
        Enum.GetValues<VaultCondition>().Where(condition => condition != VaultCondition.Active);

    [SetUp]
    public async Task StartAsync()
    {
        rig = await VaultRig.StartAsync();
        rig.Vault.Secrets.Put("any", new JsonObject());
        client = rig.NewClient();
    }

    [TearDown]
    public async Task StopAsync()
    {
        client.Dispose();
        await rig.DisposeAsync();
    }

    [Test]
    public async Task Sixty_four_callers_log_in_once()
    {
        rig.Vault.Gate = new TaskCompletionSource();
        var calls = Enumerable.Range(0, 64).Select(_ => client.AskAsync()).ToList();
        rig.Vault.Gate.SetResult();
        rig.Vault.Gate = null;
        await Task.WhenAll(calls);
        Assert.That(rig.Logins, Is.EqualTo(1));
    }

    [Test]
    public async Task The_token_is_renewed_before_it_ends_and_nobody_logs_in_again()
    {
        // Three times is twice as long as it was lent for.
        await client.AskAsync();
        for (var time = 0; time < 3; time++)
        {
            var renewals = rig.Renewals;
            rig.Time.Advance(rig.Vault.Tokens.Lease * 0.7);
            await Eventually.IsTrueAsync(
                async () =>
                {
                    await client.AskAsync();
                    return rig.Renewals > renewals;
                },
                "The token was not renewed.");
        }

        Assert.That(rig.Logins, Is.EqualTo(1));
    }

    [Test]
    public async Task Near_its_longest_life_another_token_takes_over_before_it_ends()
    {
        rig.Vault.Tokens.LongestLife = rig.Vault.Tokens.Lease * 1.1;
        await client.AskAsync();
        rig.Time.Advance(rig.Vault.Tokens.Lease * 0.7);
        await client.AskAsync();
        await Eventually.IsTrueAsync(() => Task.FromResult(rig.Logins == 2), "Nobody logged in again.");
        var refused = rig.Vault.CallsOf("/auth/token/lookup-self");
        rig.Time.Advance(rig.Vault.Tokens.Lease * 0.5);
        await client.AskAsync();
        Assert.That(rig.Vault.CallsOf("/auth/token/lookup-self"), Is.EqualTo(refused), "A token was used beyond its end.");
    }

    [Test]
    public async Task A_token_that_cannot_be_renewed_is_replaced_before_it_ends()
    {
        rig.Vault.Tokens.Renewable = false;
        await client.AskAsync();
        rig.Time.Advance(rig.Vault.Tokens.Lease * 0.7);
        await client.AskAsync();
        await Eventually.IsTrueAsync(() => Task.FromResult(rig.Logins == 2), "Nobody logged in again.");
        Assert.That(rig.Renewals, Is.Zero);
    }

    [Test]
    public async Task After_its_token_was_revoked_it_logs_in_once_and_asks_once_more()
    {
        await client.AskAsync();
        rig.Vault.Tokens.RevokeAll();
        await client.AskAsync();
        Assert.That(rig.Logins, Is.EqualTo(2));
        Assert.That(rig.Vault.CallsOf("/secret/data/any"), Is.EqualTo(3));
    }

    [Test]
    public async Task Sixty_four_callers_with_a_revoked_token_log_in_once()
    {
        await client.AskAsync();
        rig.Vault.Tokens.RevokeAll();
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => client.AskAsync()));
        Assert.That(rig.Logins, Is.EqualTo(2));
    }

    [Test]
    public async Task What_the_policy_does_not_allow_is_refused_without_another_login()
    {
        await client.AskAsync();
        rig.Vault.Deny("secret/data/any");
        IsRefused("permission_denied");
        Assert.That(rig.Logins, Is.EqualTo(1));
        Assert.That(rig.Vault.CallsOf("/secret/data/any"), Is.EqualTo(2));
    }

    [Test]
    public void A_refused_login_is_asked_for_once_and_named_without_the_credentials()
    {
        client = rig.NewClient(new Dictionary<string, string> { ["VAULT_SECRET_ID"] = "canary-of-a-secret-id" });
        IsRefused("login_refused");
        IsRefused("login_refused");
        Assert.That(rig.Logins, Is.EqualTo(1), "Vault locks out who is refused again and again.");
        Assert.That(rig.Log.Lines, Has.One.Contains("Login to Vault failed"));
    }

    [Test]
    public async Task A_namespace_goes_with_each_call()
    {
        rig.Vault.Namespace = "clinics/mercy";
        IsRefused("not_found");
        client = rig.NewClient(new Dictionary<string, string> { ["VAULT_NAMESPACE"] = "clinics/mercy" });
        await client.AskAsync();
    }

    [Test]
    public async Task A_node_that_cannot_serve_is_unavailable_for_now([ValueSource(nameof(Conditions))] VaultCondition condition)
    {
        await client.AskAsync();
        rig.Vault.Condition = condition;
        Assert.That(client.AskAsync, Throws.InstanceOf<ServiceException>()
            .With.Property(nameof(ServiceException.Fault)).EqualTo(ServiceFault.Unavailable)
            .And.Property(nameof(ServiceException.Reason)).EqualTo($"status_{(int)condition}"));
        Assert.That(rig.Vault.CallsOf("/secret/data/any"), Is.EqualTo(2), "Nothing is repeated, and no redirect followed.");
        rig.Vault.Condition = VaultCondition.Active;
        await client.AskAsync();
        Assert.That(rig.Logins, Is.EqualTo(1));
    }

    [Test]
    public void A_node_that_cannot_log_anybody_in_is_unavailable_for_now([ValueSource(nameof(Conditions))] VaultCondition condition)
    {
        rig.Vault.Condition = condition;
        Assert.That(client.AskAsync, Throws.InstanceOf<ServiceException>()
            .With.Property(nameof(ServiceException.Fault)).EqualTo(ServiceFault.Unavailable));
        rig.Vault.Condition = VaultCondition.Active;
        Assert.That(client.AskAsync, Throws.Nothing);
    }

    [Test]
    public async Task While_Vault_is_away_the_token_is_kept_and_renewed_afterwards()
    {
        await client.AskAsync();
        rig.Time.Advance(rig.Vault.Tokens.Lease * 0.7);
        rig.Vault.Condition = VaultCondition.Sealed;
        Assert.That(client.AskAsync, Throws.InstanceOf<ServiceException>());
        await Eventually.IsTrueAsync(() => Task.FromResult(rig.Renewals == 1), "Nobody tried to renew it.");
        rig.Vault.Condition = VaultCondition.Active;
        await Eventually.IsTrueAsync(
            async () =>
            {
                // Longer than the pause after a failure.
                rig.Time.Advance(TimeSpan.FromSeconds(6));
                await client.AskAsync();
                return rig.Renewals >= 2;
            },
            "Nobody tried again.");
        Assert.That(rig.Logins, Is.EqualTo(1));
    }

    [Test]
    public async Task Neither_token_nor_credentials_stand_in_a_log_line_or_an_exception()
    {
        List<string> texts = [];
        await client.AskAsync();
        rig.Vault.Tokens.RevokeAll();
        await client.AskAsync();
        foreach (var condition in Conditions)
        {
            rig.Vault.Condition = condition;
            texts.Add(Assert.CatchAsync(client.AskAsync)!.ToString());
        }

        rig.Vault.Condition = VaultCondition.Active;
        rig.Vault.Deny("secret/data/any");
        texts.Add(Assert.CatchAsync(client.AskAsync)!.ToString());
        string[] secrets = [.. rig.Vault.Tokens.Issued, VaultDouble.RoleId, VaultDouble.SecretId];
        Assert.That(secrets, Has.Length.GreaterThan(2));
        foreach (var secret in secrets)
        {
            Assert.That(texts.Concat(rig.Log.Lines).Any(text => text.Contains(secret, StringComparison.Ordinal)), Is.False);
        }

        Assert.That(rig.Log.Lines, Has.Some.Contains("Logged in to Vault"));
    }

    private void IsRefused(string reason) => Assert.That(client.AskAsync, Throws.InstanceOf<ServiceException>()
        .With.Property(nameof(ServiceException.Fault)).EqualTo(ServiceFault.Refused)
        .And.Property(nameof(ServiceException.Reason)).EqualTo(reason));
}
