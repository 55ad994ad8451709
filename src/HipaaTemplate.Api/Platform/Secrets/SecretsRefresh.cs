using System.Text.RegularExpressions;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Secrets;

/// <summary>
/// Asks the secret service again and again. What it gave last and was in order stays in use while it does not answer, and when what
/// it gives now could not start the API.
/// </summary>
internal sealed partial class SecretsRefresh(
    ChosenSource chosen,
    SecretsConfiguration secrets,
    IConfiguration configuration,
    IEnumerable<SettingsClass> classes,
    IOptions<SecretsSettings> settings,
    IServiceProvider services,
    TimeProvider time,
    ILogger<SecretsRefresh> logger) : BackgroundService
{
    private const int MostNames = 20;

    private readonly Lock gate = new();
    private Task? refreshing;
    private string? refusedBefore;
    private string? unknownBefore;
    private bool isDown;

    public bool HasService => chosen.Service is not null;

    /// <summary>Asks now; several callers share one question. A failure is logged, not thrown.</summary>
    public Task RefreshAsync(CancellationToken ct)
    {
        if (chosen.Service is not { } service)
        {
            return Task.CompletedTask;
        }

        lock (gate)
        {
            // Of nobody's request: the others wait for it too.
            if (refreshing is null or { IsCompleted: true })
            {
                refreshing = Task.Run(() => AskAsync(service), CancellationToken.None);
            }

            return refreshing.WaitAsync(ct);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (chosen.Service is not { } service)
        {
            return;
        }

        WarnOfUnknown(service.Name, secrets.UnknownAtStart);
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(settings.Value.Interval, time, stoppingToken);
            await RefreshAsync(stoppingToken);
        }
    }

    private async Task AskAsync(ISecretSource service)
    {
        try
        {
            var (found, unknown) = secrets.Sort(await service.LoadInTimeAsync(time, CancellationToken.None));
            WarnOfUnknown(service.Name, unknown);
            Take(service.Name, found);
            if (isDown)
            {
                isDown = false;
                Recovered(logger, service.Name);
            }
        }
        catch (Exception e)
        {
            // Whatever it is, the API goes on with what it has. One line for each outage.
            if (!isDown)
            {
                isDown = true;
                Failed(logger, service.Name, e is SecretSourceException ? e.Message : e.GetType().Name);
            }
        }
    }

    private void Take(string service, Dictionary<string, string?> found)
    {
        var candidate = secrets.With(found, (IConfigurationRoot)configuration);
        var problems = string.Join(' ', classes.SelectMany(c => c.Problems(services, candidate)).Distinct(StringComparer.Ordinal));
        if (problems.Length > 0)
        {
            if (problems != refusedBefore)
            {
                Refused(logger, service, problems);
            }

            refusedBefore = problems;
            return;
        }

        refusedBefore = null;
        var changed = secrets.Replace(found);
        if (changed.Count > 0)
        {
            Changed(logger, service, string.Join(", ", changed));
        }
    }

    private void WarnOfUnknown(string service, List<string> unknown)
    {
        // A name that does not look like one may be a value in the wrong place.
        var listed = string.Join(", ", unknown.Where(name => NamePattern().IsMatch(name)).Take(MostNames));
        if (unknown.Count > 0 && listed != unknownBefore)
        {
            Unknown(logger, service, unknown.Count, listed);
        }

        unknownBefore = listed;
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z_]{0,63}$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamePattern();

    [LoggerMessage(1701, LogLevel.Warning, "{service} does not give the settings: {reason}; the last ones stay in use")]
    private static partial void Failed(ILogger logger, string service, string reason);

    [LoggerMessage(1702, LogLevel.Information, "{service} gives the settings again")]
    private static partial void Recovered(ILogger logger, string service);

    [LoggerMessage(1703, LogLevel.Error, "Settings of {service} are impossible, so the last ones stay in use: {problems}")]
    private static partial void Refused(ILogger logger, string service, string problems);

    [LoggerMessage(1704, LogLevel.Information, "{service} changed {settings}; all but the database's password are used from the next start")]
    private static partial void Changed(ILogger logger, string service, string settings);

    [LoggerMessage(1705, LogLevel.Warning, "{service} has {count} entries that are no settings and are ignored: {settings}")]
    private static partial void Unknown(ILogger logger, string service, int count, string settings);
}
