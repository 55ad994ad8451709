using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Makes the roles that the migrations grant to. Every statement can be repeated; none needs a
/// superuser, only CREATEROLE and ownership of the database.
/// </summary>
internal static class RoleSetup
{
    private const int ScramIterations = 4096;
    private const int ScramSaltLength = 16;

    private const string Sql = $"""
        DO $$
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{DatabaseRoles.Owner}') THEN
                CREATE ROLE {DatabaseRoles.Owner} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
            END IF;
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{DatabaseRoles.App}') THEN
                CREATE ROLE {DatabaseRoles.App} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
            END IF;
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{DatabaseRoles.Auditor}') THEN
                CREATE ROLE {DatabaseRoles.Auditor} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
            END IF;
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{DatabaseRoles.Sealer}') THEN
                CREATE ROLE {DatabaseRoles.Sealer} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
            END IF;
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{DatabaseRoles.Reviewer}') THEN
                CREATE ROLE {DatabaseRoles.Reviewer} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
            END IF;
            IF EXISTS (
                SELECT FROM pg_roles
                WHERE rolname IN ('{DatabaseRoles.Owner}', '{DatabaseRoles.App}', '{DatabaseRoles.Auditor}', '{DatabaseRoles.Sealer}', '{DatabaseRoles.Reviewer}')
                    AND (rolsuper OR rolbypassrls)) THEN
                RAISE EXCEPTION 'a role of this product may bypass row-level security: take SUPERUSER and BYPASSRLS from it';
            END IF;
            -- The login acts as the owner, and only the owner may create in this database.
            IF NOT pg_has_role(current_user, '{DatabaseRoles.Owner}', 'USAGE') THEN
                EXECUTE format('GRANT {DatabaseRoles.Owner} TO %I', current_user);
            END IF;
            -- And reads the audit trail as an auditor, which the owner itself cannot.
            IF NOT pg_has_role(current_user, '{DatabaseRoles.Auditor}', 'USAGE') THEN
                EXECUTE format('GRANT {DatabaseRoles.Auditor} TO %I', current_user);
            END IF;
            EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
            EXECUTE format('GRANT CONNECT ON DATABASE %I TO {DatabaseRoles.App}, {DatabaseRoles.Auditor}, {DatabaseRoles.Sealer}, {DatabaseRoles.Reviewer}', current_database());
            EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO {DatabaseRoles.Owner}', current_database());
        END
        $$;
        """;

    public static string Script() => Sql;

    public static async Task ApplyAsync(
        NpgsqlConnection login, DatabaseSettings settings, CancellationToken ct)
    {
        await using var roles = new NpgsqlCommand(Sql, login);
        await roles.ExecuteNonQueryAsync(ct);
        await SetPasswordAsync(login, settings.AppConnectionString(), ct);
        await SetPasswordAsync(login, settings.SealerConnectionString(), ct);
        await SetPasswordAsync(login, settings.ReviewerConnectionString(), ct);
    }

    /// <summary>
    /// Roles belong to the whole cluster, and PostgreSQL fails one of two sessions that alter the same one, so
    /// the password is set only when it is not the one already.
    /// </summary>
    private static async Task SetPasswordAsync(NpgsqlConnection login, string connectionString, CancellationToken ct)
    {
        if (await IsAcceptedAsync(connectionString, ct))
        {
            return;
        }

        var wanted = new NpgsqlConnectionStringBuilder(connectionString);
        // A verifier, not the password: the server may log statements.
        await using var password = new NpgsqlCommand(
            $"ALTER ROLE {wanted.Username} PASSWORD '{ScramVerifier(wanted.Password!)}'", login);
        await password.ExecuteNonQueryAsync(ct);
    }

    private static async Task<bool> IsAcceptedAsync(string connectionString, CancellationToken ct)
    {
        var unpooled = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        await using var app = new NpgsqlConnection(unpooled.ConnectionString);
        try
        {
            await app.OpenAsync(ct);
            return true;
        }
        catch (PostgresException e) when (e.SqlState is
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification)
        {
            return false;
        }
    }

    /// <summary>What PostgreSQL stores of a password (RFC 5802 §3, RFC 7677).</summary>
    private static string ScramVerifier(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(ScramSaltLength);
        var salted = Rfc2898DeriveBytes.Pbkdf2(
            password, salt, ScramIterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        var storedKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        var serverKey = HMACSHA256.HashData(salted, "Server Key"u8);
        return new StringBuilder("SCRAM-SHA-256$")
            .Append(ScramIterations).Append(':').Append(Convert.ToBase64String(salt))
            .Append('$').Append(Convert.ToBase64String(storedKey))
            .Append(':').Append(Convert.ToBase64String(serverKey))
            .ToString();
    }
}
