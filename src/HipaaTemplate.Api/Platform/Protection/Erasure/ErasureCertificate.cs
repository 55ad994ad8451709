using System.Text.Json;
using System.Text.Json.Serialization;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Protection.Erasure;

/// <summary>What was erased, when and by whom: ids and numbers, nothing of a patient.</summary>
internal sealed record ErasureCertificate
{
    public const string Patient = "patient";
    public const string Tenant = "tenant";

    public required Guid Id { get; init; }

    /// <summary><see cref="Patient"/> or <see cref="Tenant"/>.</summary>
    public required string Erased { get; init; }

    [JsonConverter(typeof(TenantIdAsText))]
    public required TenantId TenantId { get; init; }

    public required string TenantSlug { get; init; }

    public Guid? PatientId { get; init; }

    /// <summary>The patient's keys, or the tenant's.</summary>
    public required IReadOnlyList<DestroyedKey> Keys { get; init; }

    /// <summary>How many keys of patients were destroyed.</summary>
    public required int PatientKeys { get; init; }

    /// <summary>Whose rows do not open any more, and cannot be looked for.</summary>
    public required IReadOnlyList<DarkenedTable> Tables { get; init; }

    /// <summary>By <see cref="ISubjectErasure.Name"/>.</summary>
    public required IReadOnlyDictionary<string, int> Removed { get; init; }

    public required DateTimeOffset ErasedAt { get; init; }

    /// <summary>Until then a backup may hold the keys, as BACKUP_RETENTION_DAYS says.</summary>
    public required DateTimeOffset BackupsExpireAt { get; init; }

    /// <summary>The login at the database.</summary>
    public required string ErasedBy { get; init; }

    public required string Build { get; init; }
}

/// <param name="Version">Of the tenant's key that it is, or that wrapped it.</param>
internal sealed record DestroyedKey(Guid Id, int Version);

/// <param name="Table">Qualified.</param>
/// <param name="Rows">Under the keys.</param>
/// <param name="IndexValues">Hashes that rows were found by.</param>
internal sealed record DarkenedTable(string Table, long Rows, long IndexValues);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ErasureCertificate))]
[JsonSerializable(typeof(FlattenedJws))]
[JsonSerializable(typeof(CertificateHeader))]
internal sealed partial class ErasureJson : JsonSerializerContext;

/// <summary>Of certificates only, which are read after their signature was: no request brings a tenant's id along.</summary>
internal sealed class TenantIdAsText : JsonConverter<TenantId>
{
    public override TenantId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TenantId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("The id of the tenant is none.");

    public override void Write(Utf8JsonWriter writer, TenantId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
