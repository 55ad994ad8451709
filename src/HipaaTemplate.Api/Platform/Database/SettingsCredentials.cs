using HipaaTemplate.Platform.Secrets;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Database;

/// <summary>hipaa_app with the password that the settings have now; a secret service may change it.</summary>
internal sealed class SettingsCredentials(IOptionsMonitor<DatabaseSettings> settings) : IDatabaseCredentials
{
    private volatile Derived? last;

    public ValueTask<DatabaseCredentials> CurrentAsync(CancellationToken ct)
    {
        // Asked for each connection; the password may have to be derived.
        var now = settings.CurrentValue;
        if (last is not { } known || known.From != now)
        {
            last = known = new Derived(now, new DatabaseCredentials(UserName: null, now.DerivedAppPassword()));
        }

        return ValueTask.FromResult(known.Credentials);
    }

    private sealed record Derived(DatabaseSettings From, DatabaseCredentials Credentials);
}
