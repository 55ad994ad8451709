namespace HipaaTemplate.Platform.Protection.Providers.Aws;

/// <summary>The four ways to name a key of AWS KMS: its ARN, its id, an alias, the ARN of an alias. Answers have the first.</summary>
internal static class KmsKeyId
{
    private const string KeyPart = ":key/";

    public static bool IsArn(string? keyId) =>
        keyId?.StartsWith("arn:", StringComparison.Ordinal) == true && keyId.Contains(KeyPart, StringComparison.Ordinal);

    /// <summary>Can this be the key that was asked for by that name? An alias may lead to any.</summary>
    public static bool MayBe(string asked, string? arn) => IsArn(arn)
        && (IsAlias(asked)
            || (IsArn(asked) ? string.Equals(arn, asked, StringComparison.Ordinal) : arn!.EndsWith(KeyPart + asked, StringComparison.Ordinal)));

    private static bool IsAlias(string keyId) =>
        keyId.StartsWith("alias/", StringComparison.Ordinal) || keyId.Contains(":alias/", StringComparison.Ordinal);
}
