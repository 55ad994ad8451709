using System.Security.Cryptography;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using HipaaTemplate.Platform.Aws;

namespace HipaaTemplate.Platform.Protection.Providers.Aws;

/// <summary>One call to AWS KMS, and what its failures mean for the key.</summary>
internal static class KmsCall
{
    /// <summary>Does the call carry something that was stored? Then an input that KMS calls invalid was changed there.</summary>
    public enum Stored
    {
        No,
        Yes,
    }

    public static async Task<TAnswer> AskAsync<TAnswer>(
        Func<CancellationToken, Task<TAnswer>> call, Stored stored, CancellationToken ct)
        where TAnswer : AmazonWebServiceResponse
    {
        try
        {
            return await AwsCall.AskAsync(call, WipeKey, ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var failure = AwsFailure.Of(e);
            throw new KeyProviderException(Fault(failure, stored), failure.Reason, e);
        }
    }

    /// <summary>Zeroes what the SDK decoded the key into.</summary>
    public static void Wipe(MemoryStream? stream)
    {
        if (stream is null)
        {
            return;
        }

        if (stream.TryGetBuffer(out var buffer))
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
        else
        {
            stream.Position = 0;
            stream.Write(new byte[stream.Length]);
        }
    }

    private static KeyProviderFault Fault(AwsFailure failure, Stored stored) => failure switch
    {
        { Code: "InvalidCiphertextException" or "IncorrectKeyException" } => KeyProviderFault.NotAuthentic,
        { Code: "ValidationException" } when stored == Stored.Yes => KeyProviderFault.NotAuthentic,
        { MayPass: true } => KeyProviderFault.Unavailable,
        // Withdrawn, denied, credentials that are not believed, and what KMS may think of in future.
        _ => KeyProviderFault.Refused,
    };

    private static void WipeKey(AmazonWebServiceResponse answer) =>
        Wipe((answer as GenerateDataKeyResponse)?.Plaintext ?? (answer as DecryptResponse)?.Plaintext);
}
