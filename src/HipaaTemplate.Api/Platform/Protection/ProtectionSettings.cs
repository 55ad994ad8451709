using HipaaTemplate.Platform.Protection.Ciphers;
using HipaaTemplate.Platform.Settings;

namespace HipaaTemplate.Platform.Protection;

internal enum PhiCipher
{
    Xaes,
    Aes,
}

/// <summary>How patients' data is sealed.</summary>
internal sealed class ProtectionSettings
{
    [Setting("PHI_CIPHER", "What new values are sealed with: xaes (XAES-256-GCM), or aes (AES-256-GCM) where only that is approved. Both are read.",
        DefaultText = "xaes")]
    public PhiCipher Cipher { get; set; } = PhiCipher.Xaes;

    public CipherSuite Suite => Cipher == PhiCipher.Aes ? CipherSuite.Aes256Gcm : CipherSuite.Xaes256Gcm;
}
