using System.Text.Encodings.Web;
using System.Text.Json;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Platform.Auditing.Export;

/// <summary>The lines of bundles and proofs (docs/explanation/audit-format.md).</summary>
internal static class AuditJson
{
    public const string Format = "hipaa-audit-bundle/v1";
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";
    private const string SecondFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>Of every line: texts are in their one spelling, and base64 is not escaped.</summary>
    public static readonly JsonSerializerOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Converters = { new CanonicalText() },
    };

    public static string Header(string kind, AuditLog log, DateTimeOffset now) => Line(new
    {
        type = "bundle",
        format = Format,
        kind,
        tenant = log.Tenant.ToString(),
        month = log.MonthText,
        exported_at = now.UtcDateTime.ToString(SecondFormat, null),
    });

    public static string Event(StoredEvent stored)
    {
        var entry = stored.Stamped.Entry;
        return Line(new
        {
            type = "event",
            leaf = stored.Leaf,
            tenant = entry.Tenant.ToString(),
            id = entry.Id,
            at = entry.At.UtcDateTime.ToString(TimeFormat, null),
            writer = entry.Writer,
            number = entry.Number,
            @void = entry.Void,
            action = entry.Action,
            outcome = entry.Outcome,
            code = entry.Code,
            actor_type = entry.ActorType,
            actor = entry.Actor,
            session = entry.Session,
            address = entry.Address,
            purpose = entry.Purpose,
            endpoint = entry.Endpoint,
            request = entry.Request,
            trace = entry.Trace,
            detail = entry.Detail,
            patients = entry.Patients,
            records = entry.Records.Select(record => new object[] { record.Access.ToString(), record.Table, record.Id }),
            key_version = entry.KeyVersion,
            mac = Convert.ToBase64String(stored.Stamped.Mac),
        });
    }

    public static string Inclusion(byte[][] proof) => Line(new { type = "inclusion", proof });

    public static string Head(string checkpoint, long index, byte[][] proof, string note) =>
        Line(new { type = "head", checkpoint, index, proof, note });

    private static string Line<T>(T value) => JsonSerializer.Serialize(value, Options);
}
