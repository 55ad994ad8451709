using HipaaTemplate.Platform.Protection.Ciphers;
using HipaaTemplate.Platform.Settings;

namespace HipaaTemplate.Platform.Protection;

internal enum PhiCipher
{
    Xaes,
    Aes,
}

/// <summary>How patients' data is sealed.</summary>
internal sealed class ProtectionSettings : IHasProblems
{
    [Setting("PHI_CIPHER", "What new values are sealed with: xaes (XAES-256-GCM), or aes (AES-256-GCM) where only that is approved. Both are read.",
        DefaultText = "xaes")]
    public PhiCipher Cipher { get; set; } = PhiCipher.Xaes;

    [Setting("BACKUP_RETENTION_DAYS", "How many days backups of the database are kept, 1 to 3650: as long a key that was replaced is kept too, and certificates of erasure say when the last backup is gone.")]
    public int BackupRetentionDays { get; set; } = 35;

    public CipherSuite Suite => Cipher == PhiCipher.Aes ? CipherSuite.Aes256Gcm : CipherSuite.Xaes256Gcm;

    public IEnumerable<string> Problems()
    {
        if (BackupRetentionDays is < 1 or > 3650)
        {
            yield return "BACKUP_RETENTION_DAYS must be between 1 and 3650.";
        }
    }
}
