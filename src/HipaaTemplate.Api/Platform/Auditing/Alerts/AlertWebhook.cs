using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>Tells AUDIT_ALERT_WEBHOOK_URL of an alert, signed as Standard Webhooks 1.0 says.</summary>
internal sealed class AlertWebhook(IHttpClientFactory clients, IOptionsMonitor<AlertSettings> settings, TimeProvider time)
{
    public const string Client = "alert webhook";

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public bool IsConfigured => settings.CurrentValue.WebhookUrl is not null;

    /// <returns>Whether it was taken: any answer but 2xx in time is none.</returns>
    public async Task<bool> SendAsync(TenantId tenant, AuditAlert alert, CancellationToken ct)
    {
        var now = settings.CurrentValue;
        var body = JsonSerializer.SerializeToUtf8Bytes(MessageOf(tenant, alert), AlertMessageJson.Default.AlertMessage);
        var (id, timestamp) = (alert.Id.ToString(), time.GetUtcNow().ToUnixTimeSeconds());
        using var client = clients.CreateClient(Client);
        using var request = new HttpRequestMessage(HttpMethod.Post, now.WebhookUrl) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", WebhookSecret.Sign(now.WebhookSecrets, id, timestamp, body));
        try
        {
            // What the answer says does not matter, so it is not read.
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException
            || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return false;
        }
    }

    private static AlertMessage MessageOf(TenantId tenant, AuditAlert alert) => new("audit.alert.raised", alert.RaisedAt, new AlertMessage.Alert(
        alert.Id, tenant.Value, alert.Rule.Word(), alert.Subject, alert.FirstEventId, alert.FirstAt, alert.LastEventId, alert.LastAt, alert.Events, alert.PatientCount));
}

/// <summary>Ids, counts and fixed words. Patients are not named: who is told may be outside the house.</summary>
/// <param name="Type">Of the message.</param>
/// <param name="Timestamp">When the alert was raised.</param>
/// <param name="Data">The alert.</param>
internal sealed record AlertMessage(string Type, DateTimeOffset Timestamp, AlertMessage.Alert Data)
{
    /// <param name="Log">A tenant, or the platform.</param>
    internal sealed record Alert(
        Guid Id,
        [property: JsonPropertyName("tenant")] Guid Log,
        string Rule,
        string Subject,
        Guid FirstEventId,
        DateTimeOffset FirstAt,
        Guid LastEventId,
        DateTimeOffset LastAt,
        int Events,
        int PatientCount);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AlertMessage))]
internal sealed partial class AlertMessageJson : JsonSerializerContext;
