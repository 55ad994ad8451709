using System.Net;
using HipaaTemplate.Platform.Authentication.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>Tokens that were seen before: bounded, and keyed by what the whole token is.</summary>
internal sealed class TokenCacheTests
{
    [Test]
    public void It_never_holds_more_than_it_may_and_keeps_what_is_used()
    {
        var cache = new TokenCache(most: 100);
        var used = TokenDigest.Of("used");
        cache.Add(used, null!);
        var kept = 0;
        for (var i = 0; i < 1000; i++)
        {
            cache.Add(TokenDigest.Of($"token {i}"), null!);
            Assert.That(cache.Count, Is.LessThanOrEqualTo(100));
            cache.Find(used);
            kept += cache.Count;
        }

        Assert.That(kept, Is.GreaterThan(1000 * 40), "it keeps something");
    }

    /// <summary>Eleven kilobytes of them would keep two hundred, twenty thousand times.</summary>
    [Test]
    public async Task A_token_with_thousands_of_scopes_is_good_and_not_kept()
    {
        await using var api = new ApiHost(App.DatabaseUrl, App.Issuer);
        var clinic = await App.NewClinicAsync();
        var cache = api.Services.GetRequiredService<TokenCache>();
        var small = App.Issuer.NewToken(clinic.Doctor).With("scope", string.Join(' ', Enumerable.Repeat("a", 200))).Sign();
        var large = App.Issuer.NewToken(clinic.Doctor).With("scope", string.Join(' ', Enumerable.Repeat("a", 4000))).Sign();

        foreach (var token in new[] { small, large })
        {
            Assert.That((await api.WithToken(token).GetAsync("/api/v1/auth/me")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        Assert.That(cache.Find(TokenDigest.Of(small)), Is.Not.Null);
        Assert.That(cache.Find(TokenDigest.Of(large)), Is.Null);
    }

    [Test]
    public void What_was_not_used_is_forgotten_and_what_was_is_not()
    {
        var token = new Used();
        var cache = new TokenCache(most: 100);
        cache.Add(TokenDigest.Of("idle"), token.Value);
        cache.Add(TokenDigest.Of("busy"), token.Value);
        for (var i = 0; i < 200; i++)
        {
            cache.Add(TokenDigest.Of($"token {i}"), token.Value);
            Assert.That(cache.Find(TokenDigest.Of("busy")), Is.SameAs(token.Value));
        }

        Assert.That(cache.Find(TokenDigest.Of("idle")), Is.Null);
    }

    [Test]
    public void A_token_that_was_removed_is_gone_from_both_halves()
    {
        var token = new Used();
        var cache = new TokenCache(most: 4);
        foreach (var name in new[] { "a", "b", "c" })
        {
            cache.Add(TokenDigest.Of(name), token.Value);
        }

        cache.Remove(TokenDigest.Of("a"));
        cache.Remove(TokenDigest.Of("c"));

        Assert.That(cache.Find(TokenDigest.Of("a")), Is.Null);
        Assert.That(cache.Find(TokenDigest.Of("c")), Is.Null);
    }

    [Test]
    public void Tokens_that_differ_anywhere_have_different_digests()
    {
        var text = new string('a', 5000);
        var digests = Enumerable.Range(0, text.Length).Select(at => TokenDigest.Of(text.Remove(at, 1).Insert(at, "b")))
            .Append(TokenDigest.Of(text)).Append(TokenDigest.Of(text + "a")).Append(TokenDigest.Of(text.AsSpan(1))).Append(TokenDigest.Of(""));

        Assert.That(digests, Is.Unique);
    }

    /// <summary>Cut off or squeezed into bytes it could have the digest of a good token.</summary>
    [TestCase("abc\u0100def")]
    [TestCase("\u6261\u0063")]
    public void What_is_no_ASCII_has_no_digest(string text) =>
        Assert.That(() => TokenDigest.Of(text), Throws.ArgumentException);

    private sealed class Used
    {
        public AccessToken Value { get; } = (AccessToken)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(typeof(AccessToken));
    }
}
