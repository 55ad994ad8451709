using System.Security.Cryptography;
using System.Text;
using HipaaTemplate.Platform.Protection.Ciphers;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection.Providers;

/// <summary>
/// A key in a file, for development: whoever has the machine has the key and the data. Refused elsewhere
/// (<see cref="ProtectionChecks"/>).
/// </summary>
internal sealed partial class LocalKeyProvider : IKeyProvider
{
    public const string ProviderName = "local";
    private const int KeyLength = 32;

    private readonly IOptions<KeyProviderSettings> settings;
    private readonly ILogger<LocalKeyProvider> logger;
    private readonly Lazy<byte[]> root;

    public LocalKeyProvider(IOptions<KeyProviderSettings> settings, ILogger<LocalKeyProvider> logger)
    {
        this.settings = settings;
        this.logger = logger;
        // A failure is not kept: the file may be put right while the API runs.
        root = new Lazy<byte[]>(ReadOrMake, LazyThreadSafetyMode.PublicationOnly);
    }

    public string Name => ProviderName;

    public Task<GeneratedKey> GenerateAsync(KeyContext context, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var plaintext = RandomNumberGenerator.GetBytes(KeyLength);
        return Task.FromResult(new GeneratedKey(plaintext, Wrap(plaintext, context)));
    }

    public Task<byte[]> UnwrapAsync(WrappedKey key, KeyContext context, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return Task.FromResult(Unwrap(key, context));
    }

    public Task<WrappedKey> RewrapAsync(WrappedKey key, KeyContext context, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var plaintext = Unwrap(key, context);
        var wrapped = Wrap(plaintext, context);
        CryptographicOperations.ZeroMemory(plaintext);
        return Task.FromResult(wrapped);
    }

    private WrappedKey Wrap(ReadOnlySpan<byte> plaintext, KeyContext context)
    {
        var keyId = settings.Value.KeyIdFor(context.Class);
        var bytes = new byte[Xaes256Gcm.NonceLength + KeyLength + CipherSuites.TagLength];
        var nonce = bytes.AsSpan(0, Xaes256Gcm.NonceLength);
        RandomNumberGenerator.Fill(nonce);
        Xaes256Gcm.Encrypt(
            KeyOf(keyId), nonce, plaintext,
            bytes.AsSpan(nonce.Length, KeyLength), bytes.AsSpan(nonce.Length + KeyLength), context.Encode());
        return new WrappedKey(keyId, bytes);
    }

    private byte[] Unwrap(WrappedKey key, KeyContext context)
    {
        if (key.Bytes.Length != Xaes256Gcm.NonceLength + KeyLength + CipherSuites.TagLength)
        {
            throw new KeyProviderException(KeyProviderFault.NotAuthentic, "not a wrapped key");
        }

        var plaintext = new byte[KeyLength];
        var bytes = key.Bytes.AsSpan();
        try
        {
            Xaes256Gcm.Decrypt(
                KeyOf(key.KeyId), bytes[..Xaes256Gcm.NonceLength], bytes.Slice(Xaes256Gcm.NonceLength, KeyLength),
                bytes[^CipherSuites.TagLength..], plaintext, context.Encode());
            return plaintext;
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new KeyProviderException(KeyProviderFault.NotAuthentic, "it does not open", e);
        }
    }

    private byte[] KeyOf(string keyId) => HKDF.Expand(
        HashAlgorithmName.SHA256, root.Value, KeyLength, Encoding.UTF8.GetBytes($"hipaa/v1|local|{keyId}"));

    private byte[] ReadOrMake()
    {
        var file = settings.Value.LocalFile;
        try
        {
            if (!File.Exists(file))
            {
                Make(file);
            }

            var bytes = File.ReadAllBytes(file);
            return bytes.Length == KeyLength
                ? bytes
                : throw new KeyProviderException(KeyProviderFault.Refused, "KEY_LOCAL_FILE does not hold a key of 32 bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyProviderException(KeyProviderFault.Unavailable, "KEY_LOCAL_FILE cannot be read or made", e);
        }
    }

    /// <summary>Two processes may start at once; the first one's file stays.</summary>
    private void Make(string file)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        Directory.CreateDirectory(folder);
        var draft = Path.Combine(folder, Path.GetRandomFileName());
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(draft, options))
        {
            stream.Write(RandomNumberGenerator.GetBytes(KeyLength));
        }

        try
        {
            File.Move(draft, file, overwrite: false);
            Made(logger);
        }
        catch (IOException) when (File.Exists(file))
        {
            File.Delete(draft);
        }
    }

    [LoggerMessage(1510, LogLevel.Warning, "A key for development was made in KEY_LOCAL_FILE. Data sealed under it is lost with that file, and it protects nothing from whoever has this machine")]
    private static partial void Made(ILogger logger);
}
