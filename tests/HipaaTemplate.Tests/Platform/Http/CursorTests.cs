using System.Security.Claims;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Http;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Platform.Http;

/// <summary>A cursor holds for the request it was made for, other pages of it aside, and for no other.</summary>
internal sealed class CursorTests
{
    private static readonly Asked Original = new();
    private static readonly Guid LastId = Guid.CreateVersion7();
    private static readonly CursorSigner Signer = SignerOf("the owner's password");

    private static readonly Asked[] SamePages =
    [
        Original,
        Original with { Query = "?state=open&state=new&name=Ada&limit=3" },
        Original with { Query = "?cursor=x&state=open&state=new&name=Ada" },
        Original with { Query = "?CURSOR=x&Limit=7&name=Ada&state=open&state=new" },
        Original with { Query = "?NAME=Ada&State=open&state=new" },
        Original with { Query = "?name=%41da&state=open&state=new" },
    ];

    private static readonly Asked[] OtherLists =
    [
        Original with { Tenant = TenantId.From(Guid.CreateVersion7()) },
        Original with { Subject = "somebody else" },
        Original with { Issuer = "https://other.example" },
        // The same characters, cut elsewhere.
        Original with { Issuer = Original.Issuer + Original.Subject[0], Subject = Original.Subject[1..] },
        Original with { Method = "POST" },
        Original with { Pattern = "/api/v1/others/{folder}/{optional?}" },
        Original with { Folder = "outbox" },
        Original with { Optional = "" },
        Original with { Query = "" },
        Original with { Query = "?state=open&state=new" },
        Original with { Query = "?state=open&state=new&name=" },
        Original with { Query = "?state=open&state=new&name=ada" },
        Original with { Query = "?state=open&name=Ada" },
        Original with { Query = "?state=new&state=open&name=Ada" },
        Original with { Query = "?state=open&state=new&state=&name=Ada" },
        Original with { Query = "?state=opennew&name=Ada" },
        Original with { Query = "?state=open,new&name=Ada" },
        Original with { Query = "?state=open&state=new&name=Ada&more=" },
        Original with { Query = "?state=open&state=new&named=Ada" },
        // A value that looks like what follows it.
        Original with { Query = "?state=open&state=new%26name=Ada" },
    ];

    [TestCaseSource(nameof(SamePages))]
    public void It_is_read_by_further_pages_of_the_same_list(object asked)
    {
        var cursor = Original.Request(Signer).CursorAfter(LastId);

        Assert.That(((Asked)asked).Request(Signer).TryReadCursor(cursor, out var lastId), Is.True);
        Assert.That(lastId, Is.EqualTo(LastId));
    }

    [TestCaseSource(nameof(OtherLists))]
    public void It_is_refused_by_every_other_list(object asked)
    {
        var cursor = Original.Request(Signer).CursorAfter(LastId);

        Assert.That(((Asked)asked).Request(Signer).TryReadCursor(cursor, out var lastId), Is.False);
        Assert.That(lastId, Is.EqualTo(Guid.Empty));
    }

    [Test]
    public void No_two_of_these_lists_share_a_cursor()
    {
        var cursors = OtherLists.Prepend(Original).Select(asked => asked.Request(Signer).CursorAfter(LastId));

        Assert.That(cursors, Is.Unique);
    }

    [Test]
    public void One_changed_character_anywhere_is_refused()
    {
        var cursor = Original.Request(Signer).CursorAfter(LastId);

        for (var i = 0; i < cursor.Length; i++)
        {
            var forged = $"{cursor[..i]}{(cursor[i] == 'A' ? 'B' : 'A')}{cursor[(i + 1)..]}";
            Assert.That(Original.Request(Signer).TryReadCursor(forged, out _), Is.False, $"character {i}");
        }
    }

    [Test]
    public void More_less_or_other_characters_are_refused()
    {
        var cursor = Original.Request(Signer).CursorAfter(LastId);
        string[] malformed =
        [
            "", cursor[..^1], cursor + "A", cursor + "=", $" {cursor}", $"{cursor[..^1]} ", $"{cursor[..^2]}==", cursor + cursor,
            $"{cursor[..^1]}\0", $"{cursor[..^1]}é", new string('A', 1_000_000),
        ];

        Assert.That(malformed.Where(text => Original.Request(Signer).TryReadCursor(text, out _)), Is.Empty);
    }

    [Test]
    public void Instances_with_the_same_password_read_each_others_and_a_new_password_ends_them()
    {
        var cursor = Original.Request(Signer).CursorAfter(LastId);

        Assert.That(Original.Request(SignerOf("the owner's password")).TryReadCursor(cursor, out _), Is.True);
        Assert.That(Original.Request(SignerOf("its successor")).TryReadCursor(cursor, out _), Is.False);
    }

    [Test]
    public void Without_a_tenant_a_user_or_a_route_there_is_no_cursor()
    {
        var nobody = Original.Request(Signer);
        nobody.HttpContext.User = new ClaimsPrincipal();
        var nowhere = Original.Request(Signer);
        nowhere.HttpContext.SetEndpoint(null);

        Assert.That(() => (Original with { Tenant = null }).Request(Signer).CursorAfter(LastId), Throws.TypeOf<NoTenantException>());
        Assert.That(() => nobody.CursorAfter(LastId), Throws.InvalidOperationException);
        Assert.That(() => nowhere.CursorAfter(LastId), Throws.InvalidOperationException);
    }

    private static CursorSigner SignerOf(string ownerPassword) => new(new DerivedKeys(Options.Create(
        new DatabaseSettings { Url = $"Host=localhost;Username=owner;Password=\"{ownerPassword}\"" })));

    /// <summary>What a cursor is bound to.</summary>
    private sealed record Asked
    {
        private static readonly TenantId SomeTenant = TenantId.From(Guid.CreateVersion7());

        public TenantId? Tenant { get; init; } = SomeTenant;

        public string Issuer { get; init; } = "https://idp.example";

        public string Subject { get; init; } = "doctor";

        public string Method { get; init; } = "GET";

        public string Pattern { get; init; } = "/api/v1/things/{folder}/{optional?}";

        public string Folder { get; init; } = "inbox";

        public string? Optional { get; init; }

        public string Query { get; init; } = "?state=open&state=new&name=Ada";

        // Names of test cases; a tenant's id is another one each time.
        public override string ToString() => $"{Method} {Pattern} {Folder} {Optional} {Query} of {Subject} at {Issuer}";

        public HttpRequest Request(CursorSigner signer)
        {
            var tenant = new TenantContext();
            if (Tenant is { } id)
            {
                tenant.Enter(id);
            }

            var context = new DefaultHttpContext
            {
                RequestServices = new ServiceCollection().AddSingleton(signer).AddSingleton(tenant).BuildServiceProvider(),
                User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(TokenClaims.Subject, Subject, null, Issuer)])),
            };
            context.SetEndpoint(new RouteEndpoint(
                _ => Task.CompletedTask, RoutePatternFactory.Parse(Pattern), 0, EndpointMetadataCollection.Empty, null));
            context.Request.Method = Method;
            context.Request.RouteValues["folder"] = Folder;
            context.Request.RouteValues["optional"] = Optional;
            context.Request.QueryString = new QueryString(Query);
            return context.Request;
        }
    }
}
