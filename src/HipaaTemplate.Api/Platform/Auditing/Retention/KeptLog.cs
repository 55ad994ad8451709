using HipaaTemplate.Platform.Auditing.Sealing;

namespace HipaaTemplate.Platform.Auditing.Retention;

/// <summary>A log that is not destroyed, as it was last sealed.</summary>
/// <param name="Log">Whose and which month.</param>
/// <param name="Size">Leaves.</param>
/// <param name="Root">Of its tree.</param>
/// <param name="Archive">Of just this size; null while there is none.</param>
/// <param name="Years">Of the tenant; null where the setting counts.</param>
internal sealed record KeptLog(AuditLog Log, long Size, byte[] Root, ArchivedFile? Archive, int? Years)
{
    /// <summary>Where it is put, and where it is when that is taken by what it was before.</summary>
    public string[] Names => [$"{Log.Tenant}/{Log.MonthText}.ndjson.gz", $"{Log.Tenant}/{Log.MonthText}.{Size}.ndjson.gz"];
}

/// <param name="Name">In the place.</param>
/// <param name="Sha256">Of all of the file.</param>
internal sealed record ArchivedFile(string Name, byte[] Sha256);

/// <summary>A log that is no more.</summary>
internal sealed record DestroyedLog(AuditLog Log, long Size, byte[] Root, ArchivedFile Archive, DateTimeOffset At);
