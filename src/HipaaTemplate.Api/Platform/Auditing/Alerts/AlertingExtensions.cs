using HipaaTemplate.Platform.Auditing.Alerts.Rules;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Alerts;

internal static class AlertingExtensions
{
    public static void AddAlerts(this IServiceCollection services)
    {
        services.AddSettings<AlertSettings>();
        services.AddSingleton<IValidateOptions<AlertSettings>, AlertSettingsValidator>();
        services.AddSingleton<IAlertRule, VolumeRule>();
        services.AddSingleton<IAlertRule, AfterHoursRule>();
        services.AddSingleton<IAlertRule, SameFamilyNameRule>();
        services.AddSingleton<IAlertRule, WatchedPatientRule>();
        services.AddSingleton<IAlertRule, EmergencyRule>();
        services.AddSingleton<IAlertRule, RefusalsRule>();
        services.AddSingleton<IAlertRule, RefusedSignInsRule>();
        services.AddSingleton<AlertRules>();
        services.AddSingleton<AlertMetrics>();
        services.AddSingleton<AlertStore>();
        services.AddSingleton<WatchReader>();
        services.AddSingleton<AlertWatcher>();
        services.AddSingleton<AlertWebhook>();
        services.AddSingleton<AlertDeliveries>();
        services.AddHostedService<AlertService>();
        services.AddHttpClient(AlertWebhook.Client, client => client.Timeout = AlertWebhook.Patience)
            // A line with the URL, which may hold a secret.
            .RemoveAllLoggers()
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    }
}
