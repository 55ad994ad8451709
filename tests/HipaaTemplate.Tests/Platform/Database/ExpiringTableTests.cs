using Npgsql;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>
/// What was revoked stays revoked, and what was used stays used, whatever SQL is run as hipaa_app: rows are
/// added and read, and leave when they have expired.
/// </summary>
internal sealed class ExpiringTableTests
{
    private NpgsqlConnection app = null!;
    private NpgsqlConnection superuser = null!;

    private static readonly Dictionary<string, string> Insert = new()
    {
        ["app.revoked_tokens"] =
            "INSERT INTO app.revoked_tokens (id, issuer, kind, value, issued_until, recorded_at, expires_at) "
            + "VALUES (gen_random_uuid(), 'i', 1, '{0}', now(), now(), now() + '{1}'::interval)",
        ["app.alert_cursors"] =
            "INSERT INTO app.alert_cursors (head, alerted, expires_at) "
            + "VALUES (-abs(hashtextextended('{0}', 0)), ARRAY[]::uuid[], now() + '{1}'::interval)",
        ["app.used_ids"] = "INSERT INTO app.used_ids (id, expires_at) VALUES (sha256('{0}'), now() + '{1}'::interval)",
    };

    [SetUp]
    public async Task OpenAsync()
    {
        app = await App.Api.OpenAppConnectionAsync();
        superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await app.DisposeAsync();
        await superuser.DisposeAsync();
    }

    [Test]
    public void Every_table_of_this_kind_is_looked_at() =>
        Assert.That(App.Api.IsolationPromise().ExpiringTables, Is.EquivalentTo(Insert.Keys));

    [TestCase("app.revoked_tokens")]
    [TestCase("app.used_ids")]
    [TestCase("app.alert_cursors")]
    public async Task A_row_can_be_added_and_leaves_only_when_it_has_expired(string table)
    {
        var (lasting, expired) = ($"lasting {Guid.CreateVersion7()}", $"expired {Guid.CreateVersion7()}");
        await app.ExecuteAsync(string.Format(null, Insert[table], lasting, "1 hour"));
        await app.ExecuteAsync(string.Format(null, Insert[table], expired, "-1 second"));

        await app.ExecuteAsync($"DELETE FROM {table}");

        Assert.That(await CountAsync(table, lasting), Is.EqualTo(1));
        Assert.That(await CountAsync(table, expired), Is.Zero);
    }

    [TestCase("UPDATE {0} SET expires_at = now()")]
    [TestCase("TRUNCATE {0}")]
    [TestCase("DROP TABLE {0}")]
    [TestCase("ALTER TABLE {0} DISABLE ROW LEVEL SECURITY")]
    [TestCase("DROP POLICY expiring_clean ON {0}")]
    public void Nothing_else_can_be_done_to_it(string sql)
    {
        foreach (var table in Insert.Keys)
        {
            Assert.That(
                async () => await app.ExecuteAsync(string.Format(null, sql, table)),
                Throws.TypeOf<PostgresException>().With.Property(nameof(PostgresException.SqlState)).EqualTo(PostgresErrorCodes.InsufficientPrivilege),
                table);
        }
    }

    private Task<long> CountAsync(string table, string value) => superuser.ScalarAsync<long>(table switch
    {
        "app.used_ids" => $"SELECT count(*) FROM {table} WHERE id = sha256('{value}')",
        "app.alert_cursors" => $"SELECT count(*) FROM {table} WHERE head = -abs(hashtextextended('{value}', 0))",
        _ => $"SELECT count(*) FROM {table} WHERE value = '{value}'",
    });
}
