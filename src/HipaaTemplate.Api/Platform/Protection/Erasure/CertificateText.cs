using System.Globalization;

namespace HipaaTemplate.Platform.Protection.Erasure;

/// <summary>What was erased, for people.</summary>
internal static class CertificateText
{
    public static string Of(ErasureCertificate certificate) => string.Join('\n',
    [
        certificate.PatientId is { } patient
            ? $"erased: patient {patient} of tenant {certificate.TenantSlug} ({certificate.TenantId})"
            : $"erased: tenant {certificate.TenantSlug} ({certificate.TenantId})",
        $"keys destroyed: {string.Join(", ", certificate.Keys.Select(key => $"{key.Id} (version {key.Version})"))}",
        .. Lines(certificate.PatientKeys, certificate.Tables, certificate.Removed),
        $"at {Text(certificate.ErasedAt)} by {certificate.ErasedBy}, build {certificate.Build}",
        $"backups that still hold the keys are gone at {Text(certificate.BackupsExpireAt)}",
    ]);

    public static string Of(Darkened darkened) => string.Join('\n', Lines(darkened.Keys.Count, darkened.Tables, darkened.Removed));

    private static IEnumerable<string> Lines(
        int patientKeys, IEnumerable<DarkenedTable> tables, IEnumerable<KeyValuePair<string, int>> removed) =>
    [
        $"keys of patients destroyed: {patientKeys}",
        .. tables.Select(table => $"{table.Table}: {table.Rows} rows under them, {table.IndexValues} index values removed"),
        .. removed.Select(pair => $"{pair.Key}: {pair.Value} removed"),
    ];

    private static string Text(DateTimeOffset moment) =>
        moment.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
