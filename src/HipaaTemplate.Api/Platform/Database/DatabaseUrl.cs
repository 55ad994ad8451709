using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Reads DATABASE_URL: a postgres:// or postgresql:// URL as Railway, Heroku and libpq write it, or
/// Npgsql keywords.
/// </summary>
internal static class DatabaseUrl
{
    private const int DefaultPort = 5432;

    /// <exception cref="FormatException">The text says nothing of the value.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        try
        {
            return text.Contains("://", StringComparison.Ordinal)
                ? FromUrl(text)
                : new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception e) when (e is ArgumentException or UriFormatException)
        {
            throw new FormatException("is neither a postgres:// URL nor Npgsql keywords.", e);
        }
    }

    private static NpgsqlConnectionStringBuilder FromUrl(string text)
    {
        var url = new Uri(text);
        if (url.Scheme is not ("postgres" or "postgresql"))
        {
            throw new FormatException("must begin with postgres:// or postgresql://.");
        }

        var database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/'));
        var credentials = url.UserInfo.Split(':', 2);
        if (url.Host.Length == 0 || database.Length == 0 || credentials[0].Length == 0)
        {
            throw new FormatException("must name user, host and database.");
        }

        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = url.Host,
            Port = url.IsDefaultPort || url.Port < 0 ? DefaultPort : url.Port,
            Database = database,
            Username = Uri.UnescapeDataString(credentials[0]),
        };
        if (credentials.Length == 2)
        {
            connection.Password = Uri.UnescapeDataString(credentials[1]);
        }

        foreach (var parameter in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            Apply(connection, parameter.Split('=', 2));
        }

        return connection;
    }

    /// <summary>The libpq parameters that deployments use; others are refused rather than ignored.</summary>
    private static void Apply(NpgsqlConnectionStringBuilder connection, string[] parameter)
    {
        var value = parameter.Length == 2 ? Uri.UnescapeDataString(parameter[1]) : "";
        switch (parameter[0])
        {
            case "sslmode":
                connection.SslMode = value switch
                {
                    "disable" => SslMode.Disable,
                    "allow" => SslMode.Allow,
                    "prefer" => SslMode.Prefer,
                    "require" => SslMode.Require,
                    "verify-ca" => SslMode.VerifyCA,
                    "verify-full" => SslMode.VerifyFull,
                    _ => throw new FormatException("has an unknown sslmode."),
                };
                break;
            case "sslrootcert":
                connection.RootCertificate = value;
                break;
            case "connect_timeout" when int.TryParse(value, out var seconds) && seconds >= 0:
                connection.Timeout = seconds;
                break;
            case "application_name":
                connection.ApplicationName = value;
                break;
            default:
                throw new FormatException(
                    "has a parameter other than sslmode, sslrootcert, connect_timeout, application_name.");
        }
    }
}
