using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace HipaaTemplate.Tests.Harness.Aws;

/// <summary>AWS KMS: symmetric keys whose backing keys turn over, and P-256 keys that sign (AWS KMS API Reference).</summary>
internal sealed class KmsDouble(TimeProvider time) : IDisposable
{
    private const int MostPlaintext = 4096;
    private const int MostBlob = 6144;
    private const int IdLength = 36;
    private const int HeaderLength = IdLength + 4;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const string SignatureAlgorithm = "ECDSA_SHA_256";
    private static readonly string Arn = $"arn:aws:kms:{AwsDouble.Region}:{AwsDouble.Account}:";

    private readonly ConcurrentDictionary<string, KmsKey> keys = new();
    private readonly ConcurrentDictionary<string, string> aliases = new();

    public KmsKey NewKey(bool signs = false)
    {
        var id = Guid.CreateVersion7().ToString();
        return keys[id] = new KmsKey(id, $"{Arn}key/{id}", signs ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : null);
    }

    /// <param name="alias">With its prefix: <c>alias/records</c>.</param>
    public void SetAlias(string alias, KmsKey key) => aliases[alias] = key.Id;

    public KmsKey Find(string keyId)
    {
        var name = keyId.StartsWith(Arn, StringComparison.Ordinal) ? keyId[Arn.Length..] : keyId;
        if (name.StartsWith("alias/", StringComparison.Ordinal))
        {
            name = aliases.GetValueOrDefault(name, "");
        }
        else if (name != keyId && name.StartsWith("key/", StringComparison.Ordinal))
        {
            name = name["key/".Length..];
        }

        return keys.TryGetValue(name, out var key) && !(key.DeletedAt <= time.GetUtcNow())
            ? key
            : throw new AwsRefusal("NotFoundException", $"Key '{keyId}' does not exist");
    }

    /// <summary>Which of the key's backing keys a blob is under, counted from 0.</summary>
    public static int BackingKeyOf(byte[] blob) => BinaryPrimitives.ReadInt32BigEndian(blob.AsSpan(IdLength));

    public static Dictionary<string, string> Context(JsonNode? context) =>
        (context as JsonObject)?.ToDictionary(pair => pair.Key, pair => pair.Value!.GetValue<string>()) ?? [];

    public JsonObject Handle(string operation, JsonObject input, string principal, KeyServiceFault? fault)
    {
        var answer = operation switch
        {
            "GenerateDataKey" => GenerateDataKey(input, principal, withPlaintext: true),
            "GenerateDataKeyWithoutPlaintext" => GenerateDataKey(input, principal, withPlaintext: false),
            "Encrypt" => Encrypt(input, principal),
            "Decrypt" => Decrypt(input, principal),
            "ReEncrypt" => ReEncrypt(input, principal),
            "DescribeKey" => Describe(Authorized(input, principal, operation)),
            "EnableKey" => Change(Authorized(input, principal, operation), key => key.IsEnabled = true),
            "DisableKey" => Change(Authorized(input, principal, operation), key => key.IsEnabled = false),
            "ScheduleKeyDeletion" => ScheduleDeletion(Authorized(input, principal, operation), input),
            "CancelKeyDeletion" => CancelDeletion(Authorized(input, principal, operation)),
            "RotateKeyOnDemand" => Change(Authorized(input, principal, operation), key => key.Rotate()),
            "Sign" => Sign(input, principal),
            "Verify" => Verify(input, principal),
            "GetPublicKey" => PublicKey(input, principal),
            _ => throw new AwsRefusal("UnknownOperationException", ""),
        };
        switch (fault)
        {
            case KeyServiceFault.ShortKey when answer["Plaintext"] is { } plaintext:
                answer["Plaintext"] = Convert.ToBase64String(Convert.FromBase64String(plaintext.GetValue<string>())[..^1]);
                break;
            case KeyServiceFault.WrongKeyId:
                foreach (var name in new[] { "KeyId", "SourceKeyId" }.Where(answer.ContainsKey))
                {
                    answer[name] = $"{Arn}key/{Guid.CreateVersion7()}";
                }

                break;
        }

        return answer;
    }

    public void Dispose()
    {
        foreach (var key in keys.Values)
        {
            key.Dispose();
        }
    }

    private JsonObject GenerateDataKey(JsonObject input, string principal, bool withPlaintext)
    {
        var key = Usable(Text(input, "KeyId"), principal, withPlaintext ? "GenerateDataKey" : "GenerateDataKeyWithoutPlaintext");
        var length = (input["KeySpec"]?.GetValue<string>(), input["NumberOfBytes"]?.GetValue<int>()) switch
        {
            ("AES_256", null) => 32,
            ("AES_128", null) => 16,
            (null, >= 1 and <= 1024 and var bytes) => bytes,
            _ => throw Invalid("Please specify either number of bytes or key spec."),
        };
        var plaintext = RandomNumberGenerator.GetBytes(length);
        JsonObject answer = new()
        {
            ["CiphertextBlob"] = Convert.ToBase64String(Seal(key, plaintext, Context(input["EncryptionContext"]))),
            ["KeyId"] = key.Arn,
        };
        if (withPlaintext)
        {
            answer["Plaintext"] = Convert.ToBase64String(plaintext);
        }

        return answer;
    }

    private JsonObject Encrypt(JsonObject input, string principal)
    {
        var key = Usable(Text(input, "KeyId"), principal, "Encrypt");
        var plaintext = Bytes(input, "Plaintext", MostPlaintext);
        return new()
        {
            ["CiphertextBlob"] = Convert.ToBase64String(Seal(key, plaintext, Context(input["EncryptionContext"]))),
            ["KeyId"] = key.Arn,
            ["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT",
        };
    }

    private JsonObject Decrypt(JsonObject input, string principal)
    {
        var (key, plaintext) = Open(
            Bytes(input, "CiphertextBlob", MostBlob), input["KeyId"]?.GetValue<string>(), Context(input["EncryptionContext"]), principal, "Decrypt");
        return new()
        {
            ["KeyId"] = key.Arn,
            ["Plaintext"] = Convert.ToBase64String(plaintext),
            ["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT",
        };
    }

    private JsonObject ReEncrypt(JsonObject input, string principal)
    {
        var destination = Usable(Text(input, "DestinationKeyId"), principal, "ReEncryptTo");
        var (source, plaintext) = Open(
            Bytes(input, "CiphertextBlob", MostBlob), input["SourceKeyId"]?.GetValue<string>(),
            Context(input["SourceEncryptionContext"]), principal, "ReEncryptFrom");
        return new()
        {
            ["CiphertextBlob"] = Convert.ToBase64String(Seal(destination, plaintext, Context(input["DestinationEncryptionContext"]))),
            ["SourceKeyId"] = source.Arn,
            ["KeyId"] = destination.Arn,
            ["SourceEncryptionAlgorithm"] = "SYMMETRIC_DEFAULT",
            ["DestinationEncryptionAlgorithm"] = "SYMMETRIC_DEFAULT",
        };
    }

    private JsonObject Describe(KmsKey key) => new()
    {
        ["KeyMetadata"] = new JsonObject
        {
            ["AWSAccountId"] = AwsDouble.Account,
            ["KeyId"] = key.Id,
            ["Arn"] = key.Arn,
            ["Enabled"] = key is { IsEnabled: true, DeletedAt: null },
            ["KeyState"] = key.State,
            ["KeyUsage"] = key.Signer is null ? "ENCRYPT_DECRYPT" : "SIGN_VERIFY",
            ["KeySpec"] = key.Signer is null ? "SYMMETRIC_DEFAULT" : "ECC_NIST_P256",
            ["Origin"] = "AWS_KMS",
            ["KeyManager"] = "CUSTOMER",
            ["MultiRegion"] = false,
            ["CreationDate"] = time.GetUtcNow().ToUnixTimeSeconds(),
        },
    };

    private static JsonObject Change(KmsKey key, Action<KmsKey> change)
    {
        if (key.DeletedAt is not null)
        {
            throw new AwsRefusal("KMSInvalidStateException", $"{key.Arn} is pending deletion.");
        }

        change(key);
        return new() { ["KeyId"] = key.Arn };
    }

    private JsonObject ScheduleDeletion(KmsKey key, JsonObject input)
    {
        var days = input["PendingWindowInDays"]?.GetValue<int>() ?? 30;
        if (days is < 7 or > 30)
        {
            throw Invalid("PendingWindowInDays must be between 7 and 30.");
        }

        var answer = Change(key, _ => key.DeletedAt = time.GetUtcNow().AddDays(days));
        answer["DeletionDate"] = key.DeletedAt!.Value.ToUnixTimeSeconds();
        answer["KeyState"] = key.State;
        answer["PendingWindowInDays"] = days;
        return answer;
    }

    /// <summary>The key is disabled afterwards; somebody has to enable it.</summary>
    private static JsonObject CancelDeletion(KmsKey key)
    {
        if (key.DeletedAt is null)
        {
            throw new AwsRefusal("KMSInvalidStateException", $"{key.Arn} is not pending deletion.");
        }

        key.DeletedAt = null;
        key.IsEnabled = false;
        return new() { ["KeyId"] = key.Arn };
    }

    private JsonObject Sign(JsonObject input, string principal)
    {
        var (key, message) = Signed(input, principal, "Sign");
        var signature = IsDigest(input, message)
            ? key.Signer!.SignHash(message, DSASignatureFormat.Rfc3279DerSequence)
            : key.Signer!.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return new()
        {
            ["KeyId"] = key.Arn, ["Signature"] = Convert.ToBase64String(signature), ["SigningAlgorithm"] = SignatureAlgorithm,
        };
    }

    private JsonObject Verify(JsonObject input, string principal)
    {
        var (key, message) = Signed(input, principal, "Verify");
        var signature = Bytes(input, "Signature", MostBlob);
        var isValid = IsDigest(input, message)
            ? key.Signer!.VerifyHash(message, signature, DSASignatureFormat.Rfc3279DerSequence)
            : key.Signer!.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return isValid
            ? new() { ["KeyId"] = key.Arn, ["SignatureValid"] = true, ["SigningAlgorithm"] = SignatureAlgorithm }
            : throw new AwsRefusal("KMSInvalidSignatureException", "");
    }

    private JsonObject PublicKey(JsonObject input, string principal)
    {
        var key = Usable(Text(input, "KeyId"), principal, "GetPublicKey", signs: true);
        return new()
        {
            ["KeyId"] = key.Arn,
            ["PublicKey"] = Convert.ToBase64String(key.Signer!.ExportSubjectPublicKeyInfo()),
            ["KeySpec"] = "ECC_NIST_P256",
            ["KeyUsage"] = "SIGN_VERIFY",
            ["SigningAlgorithms"] = new JsonArray(SignatureAlgorithm),
        };
    }

    private (KmsKey Key, byte[] Message) Signed(JsonObject input, string principal, string operation)
    {
        var key = Usable(Text(input, "KeyId"), principal, operation, signs: true);
        return Text(input, "SigningAlgorithm") == SignatureAlgorithm
            ? (key, Bytes(input, "Message", MostPlaintext))
            : throw new AwsRefusal("InvalidKeyUsageException", "Algorithm is not compatible with the key spec ECC_NIST_P256.");
    }

    private static bool IsDigest(JsonObject input, byte[] message) => input["MessageType"]?.GetValue<string>() switch
    {
        null or "RAW" => false,
        "DIGEST" when message.Length == SHA256.HashSizeInBytes => true,
        _ => throw Invalid("Digest is invalid length for algorithm ECDSA_SHA_256."),
    };

    private KmsKey Authorized(JsonObject input, string principal, string operation) => Authorized(Text(input, "KeyId"), principal, operation);

    private KmsKey Authorized(string keyId, string principal, string operation)
    {
        var key = Find(keyId);
        return key.Policy(principal, operation)
            ? key
            : throw new AwsRefusal(
                "AccessDeniedException", $"User: {principal} is not authorized to perform: kms:{operation} on resource: {key.Arn}");
    }

    /// <summary>There, allowed, in a state to be used, and of the kind that does this.</summary>
    private KmsKey Usable(string keyId, string principal, string operation, bool signs = false) =>
        Authorized(keyId, principal, operation) switch
        {
            { DeletedAt: not null } key => throw new AwsRefusal("KMSInvalidStateException", $"{key.Arn} is pending deletion."),
            { IsEnabled: false } key => throw new AwsRefusal("DisabledException", $"{key.Arn} is disabled."),
            var key when key.Signer is null == signs => throw new AwsRefusal("InvalidKeyUsageException", $"{key.Arn} key usage is not valid for {operation}."),
            var key => key,
        };

    private static byte[] Seal(KmsKey key, byte[] plaintext, Dictionary<string, string> context)
    {
        var (index, backing) = key.Newest;
        var blob = new byte[HeaderLength + NonceLength + TagLength + plaintext.Length];
        Encoding.ASCII.GetBytes(key.Id, blob);
        BinaryPrimitives.WriteInt32BigEndian(blob.AsSpan(IdLength), index);
        var nonce = blob.AsSpan(HeaderLength, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(backing, TagLength);
        aes.Encrypt(
            nonce, plaintext, blob.AsSpan(HeaderLength + NonceLength + TagLength), blob.AsSpan(HeaderLength + NonceLength, TagLength),
            Authenticated(blob, context));
        return blob;
    }

    private (KmsKey Key, byte[] Plaintext) Open(
        byte[] blob, string? keyId, Dictionary<string, string> context, string principal, string operation)
    {
        // Named, it is asked for its permission and its state before the blob is looked at.
        var named = keyId is null ? null : Usable(keyId, principal, operation);
        if (blob.Length < HeaderLength + NonceLength + TagLength
            || !keys.TryGetValue(Encoding.ASCII.GetString(blob, 0, IdLength), out var key)
            || key.Backing(BackingKeyOf(blob)) is not { } backing)
        {
            throw new AwsRefusal("InvalidCiphertextException", "");
        }

        if (named is not null && named != key)
        {
            throw new AwsRefusal("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.");
        }

        key = Usable(key.Id, principal, operation);
        var plaintext = new byte[blob.Length - HeaderLength - NonceLength - TagLength];
        try
        {
            using var aes = new AesGcm(backing, TagLength);
            aes.Decrypt(
                blob.AsSpan(HeaderLength, NonceLength), blob.AsSpan(HeaderLength + NonceLength + TagLength),
                blob.AsSpan(HeaderLength + NonceLength, TagLength), plaintext, Authenticated(blob, context));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new AwsRefusal("InvalidCiphertextException", "");
        }

        return (key, plaintext);
    }

    /// <summary>The head of the blob, and the context whatever the order of its pairs.</summary>
    private static byte[] Authenticated(byte[] blob, Dictionary<string, string> context) =>
    [
        .. blob.AsSpan(0, HeaderLength),
        .. Encoding.UTF8.GetBytes(new JsonArray(
            [.. context.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new JsonArray(pair.Key, pair.Value))]).ToJsonString()),
    ];

    private static string Text(JsonObject input, string name) => input[name]?.GetValue<string>() is { Length: > 0 } text
        ? text
        : throw Invalid($"Value at '{name}' failed to satisfy constraint: Member must have length greater than or equal to 1");

    private static byte[] Bytes(JsonObject input, string name, int most)
    {
        var bytes = Convert.FromBase64String(Text(input, name));
        return bytes.Length <= most
            ? bytes
            : throw Invalid($"Value at '{name}' failed to satisfy constraint: Member must have length less than or equal to {most}");
    }

    private static AwsRefusal Invalid(string message) => new("ValidationException", message);
}

/// <summary>One key, with what an administrator may do to it.</summary>
internal sealed class KmsKey(string id, string arn, ECDsa? signer) : IDisposable
{
    private readonly List<byte[]> backing = [RandomNumberGenerator.GetBytes(32)];
    private readonly Lock state = new();

    public string Id => id;

    public string Arn => arn;

    /// <summary>Null: a symmetric key.</summary>
    public ECDsa? Signer => signer;

    public bool IsEnabled { get; set; } = true;

    /// <summary>When it is gone for ever; until then nobody can use it.</summary>
    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>Principal, operation; may it?</summary>
    public Func<string, string, bool> Policy { get; set; } = static (_, _) => true;

    public string State => DeletedAt is not null ? "PendingDeletion" : IsEnabled ? "Enabled" : "Disabled";

    public (int Index, byte[] Key) Newest
    {
        get
        {
            lock (state)
            {
                return (backing.Count - 1, backing[^1]);
            }
        }
    }

    public byte[]? Backing(int index)
    {
        lock (state)
        {
            return index >= 0 && index < backing.Count ? backing[index] : null;
        }
    }

    /// <summary>New data goes under a new backing key; the old ones open what they sealed.</summary>
    public void Rotate()
    {
        lock (state)
        {
            backing.Add(RandomNumberGenerator.GetBytes(32));
        }
    }

    public void Dispose() => signer?.Dispose();
}
