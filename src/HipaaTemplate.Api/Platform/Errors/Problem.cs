using System.Globalization;
using System.Text.Json;
using HipaaTemplate.Platform.Auditing;

namespace HipaaTemplate.Platform.Errors;

/// <summary>
/// The one place that writes an error body: application/problem+json, RFC 9457. Apart from
/// request_id the bytes depend on the error alone, so that a record of another tenant and one that
/// never existed cannot be told apart.
/// </summary>
internal static class Problem
{
    private const string ContentType = "application/problem+json";

    public static async Task WriteAsync(
        HttpContext context, Error error, IDictionary<string, string[]>? invalidMembers = null)
    {
        // Who is refused is told after it is in the audit trail.
        error = await Refusals.RecordAsync(context, error);
        var response = context.Response;
        response.StatusCode = error.Status;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        if (error.RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("type", $"/api/v1/errors#{error.Code}");
        json.WriteString("title", error.Title);
        json.WriteNumber("status", error.Status);
        json.WriteString("code", error.Code);
        json.WriteString("request_id", context.TraceIdentifier);
        if (invalidMembers is { Count: > 0 })
        {
            WriteInvalidMembers(json, invalidMembers);
        }

        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }

    private static void WriteInvalidMembers(
        Utf8JsonWriter json, IDictionary<string, string[]> invalidMembers)
    {
        json.WriteStartObject("errors");
        foreach (var (member, messages) in invalidMembers)
        {
            json.WriteStartArray(JsonNamingPolicy.SnakeCaseLower.ConvertName(member));
            foreach (var message in messages)
            {
                json.WriteStringValue(message);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
