using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Platform.Secrets;

/// <summary>Who the API connects to PostgreSQL as, when that changes while it runs.</summary>
internal interface IDatabaseCredentials
{
    /// <summary>Credentials that are good for a new connection now.</summary>
    /// <exception cref="SecretSourceException">None could be had, and those at hand are used up.</exception>
    ValueTask<DatabaseCredentials> CurrentAsync(CancellationToken ct);
}

/// <param name="UserName">Null: hipaa_app.</param>
internal sealed record DatabaseCredentials(string? UserName, string Password)
{
    /// <summary>Without the password, which the text of a record would hold.</summary>
    public override string ToString() => UserName ?? DatabaseRoles.App;
}
