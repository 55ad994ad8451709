using System.Text.RegularExpressions;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>What the compiler does not see about the source.</summary>
internal sealed class SourceTests
{
    private const int MostLines = 200;

    /// <summary>Files of the product over 200 lines (tests may hold long tables), each with why it is not two things.</summary>
    private static readonly Dictionary<string, string> LongFiles = [];

    /// <summary>Things that must not be written, and what to write instead.</summary>
    private static readonly Dictionary<string, string> Banned = new()
    {
        [@"^\s*#region"] = "no regions: a file that needs one is two files",
        [@"^namespace [\w.]+\s*$"] = "file-scoped namespaces",
        [@"#pragma warning disable(\s*$|.*RS0030)|SuppressMessage\(.*RS0030"] = "a banned API stays banned; see BannedSymbolTests",
        [@"IgnoreQueryFilters\(\s*\)"] = "name the filter: IgnoreQueryFilters([Filters.SoftDelete])",
        [@"RequireAuthorization\(\s*\)"] = "name a policy",
        [@"\bDateTime(Offset)?\.(Utc)?Now\b"] = "TimeProvider",
        [@"\bGuid\.NewGuid\("] = "Guid.CreateVersion7()",
    };

    /// <summary>The same for the product alone; tests do some of it on purpose.</summary>
    private static readonly Dictionary<string, string> BannedInProduct = new()
    {
        [@"Filters\.Tenant\]"] = "the tenant filter cannot be switched off",
        [@"(FromSqlRaw|ExecuteSqlRaw|SqlQueryRaw)\w*\(\s*\$"] = "interpolation into raw SQL: use FromSql, ExecuteSql, SqlQuery",
        [@"set_config\([^)]*,\s*false\s*\)"] = "a session-level setting outlives the request on a pooled connection",
        [@"\bSET\s+(SESSION\s+)?app\.\w+"] = "a session-level setting outlives the request on a pooled connection",
        [@"current_setting\('app\.[^']*'\s*\)"] = "it raises an error where no tenant was ever set; pass true",
        [@"AddDbContextPool|AddDbContext<"] = "AddDatabase leases the context with its tenant",
        [@"EnableSensitiveDataLogging|IncludeErrorDetail = true"] = "it puts rows into messages",
        [@"AllowAutoRedirect = true|DangerousAcceptAny"] = "it leads to hosts that nobody chose",
        [@"\bAsyncLocal\b|HttpContextAccessor"] = "nothing ambient: it flows from a request into the work that it starts; TenantScopes",
        [@"Environment\.GetEnvironmentVariable"] = "settings are bound and validated: [Setting]",
    };

    [Test]
    public void No_source_file_holds_what_is_banned() => Assert.That(
        Findings(SourceTree.CSharp.Where(file => !file.EndsWith("/SourceTests.cs", StringComparison.Ordinal)), Banned), Is.Empty);

    [Test]
    public void No_product_file_holds_what_is_banned_there() =>
        Assert.That(Findings(SourceTree.Product, BannedInProduct), Is.Empty);

    [Test]
    public void Each_ban_catches_what_it_bans()
    {
        string[] samples =
        [
            "    #region Fields", "namespace A.B", "#pragma warning disable RS0030", "#pragma warning disable",
            "db.Rows.IgnoreQueryFilters()",
            "api.MapGroup(x).RequireAuthorization()", "DateTime.Now", "Guid.NewGuid()", "IgnoreQueryFilters([Filters.Tenant])",
            "db.Rows.FromSqlRaw($\"select {x}\")", "select set_config('app.tenant_id', @t, false)", "SET app.tenant_id = 'x'",
            "current_setting('app.tenant_id')", "services.AddDbContext<AppDbContext>()", "o.EnableSensitiveDataLogging()",
            "AllowAutoRedirect = true", "new AsyncLocal<TenantId>()", "Environment.GetEnvironmentVariable(\"X\")",
        ];
        var patterns = Banned.Keys.Concat(BannedInProduct.Keys).ToList();
        Assert.That(
            patterns.Where(pattern => !samples.Any(sample => Matches(sample, pattern))), Is.Empty);
        Assert.That(samples.Where(sample => !patterns.Any(pattern => Matches(sample, pattern))), Is.Empty);
    }

    [Test]
    public void A_file_of_more_than_two_hundred_lines_says_why() => Assert.That(
        SourceTree.Product.Where(file => SourceTree.Read(file).Count(c => c == '\n') > MostLines),
        Is.EquivalentTo(LongFiles.Keys), "Is it two things? If not, a line with the reason.");

    private static List<string> Findings(IEnumerable<string> files, Dictionary<string, string> patterns) =>
    [
        .. from file in files
           from line in SourceTree.Read(file).Split('\n')
           from pattern in patterns
           where Matches(line, pattern.Key)
           select $"{file}: {line.Trim()} — {pattern.Value}",
    ];

    private static bool Matches(string text, string pattern) =>
        Regex.IsMatch(text, pattern, RegexOptions.None, TimeSpan.FromSeconds(1));
}
