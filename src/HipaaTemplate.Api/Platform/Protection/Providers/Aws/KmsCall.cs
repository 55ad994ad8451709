using System.Net;
using System.Security.Cryptography;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace HipaaTemplate.Platform.Protection.Providers.Aws;

/// <summary>One call to AWS KMS: how long it may take, and what its failures mean.</summary>
internal static class KmsCall
{
    /// <summary>For whoever set no deadline.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly HashSet<string> Forged = ["InvalidCiphertextException", "IncorrectKeyException"];

    private static readonly HashSet<string> Busy =
    [
        "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded", "LimitExceededException",
        "RequestTimeout", "RequestTimeoutException",
        "KMSInternalException", "DependencyTimeoutException", "KeyUnavailableException",
        // Of STS, while the SDK fetches credentials.
        "IDPCommunicationError",
    ];

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
        ct.ThrowIfCancellationRequested();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(Patience);
        // The SDK looks for credentials without regard to the token, and in part without giving the thread back.
        var asked = Task.Run(() => call(deadline.Token), CancellationToken.None);
        try
        {
            return await asked.WaitAsync(deadline.Token);
        }
        catch (Exception) when (ct.IsCancellationRequested)
        {
            Abandon(asked);
            throw new OperationCanceledException(ct);
        }
        catch (OperationCanceledException e)
        {
            Abandon(asked);
            throw new KeyProviderException(KeyProviderFault.Unavailable, "no answer in time", e);
        }
        catch (Exception e)
        {
            throw Explained(e, stored);
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

    private static KeyProviderException Explained(Exception failure, Stored stored)
    {
        // A refusal of the credentials comes wrapped in an error of the SDK.
        var answer = Answer(failure);
        var (fault, reason) = answer?.ErrorCode switch
        {
            null or "" => (KeyProviderFault.Unavailable, $"no answer of AWS KMS ({failure.GetType().Name})"),
            { } code when Forged.Contains(code) || (code == "ValidationException" && stored == Stored.Yes) =>
                (KeyProviderFault.NotAuthentic, Readable(code)),
            { } code when Busy.Contains(code) || IsTransient(answer) => (KeyProviderFault.Unavailable, Readable(code)),
            { } code => (KeyProviderFault.Refused, Readable(code)),
        };
        return new KeyProviderException(fault, reason, failure);
    }

    private static AmazonServiceException? Answer(Exception? failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            if (e is AmazonServiceException { ErrorCode.Length: > 0 } answer)
            {
                return answer;
            }
        }

        return null;
    }

    private static bool IsTransient(AmazonServiceException answer) =>
        answer is AmazonUnmarshallingException || answer.Retryable is not null
        || answer.StatusCode is >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
            or HttpStatusCode.OK or default(HttpStatusCode);

    /// <summary>A code of the service. Whatever else stands in its place came from somebody in between.</summary>
    private static string Readable(string code) =>
        code.Length <= 64 && code.All(char.IsAsciiLetterOrDigit) ? code : "an error without a code";

    private static void Abandon<TAnswer>(Task<TAnswer> asked)
        where TAnswer : AmazonWebServiceResponse => _ = asked.ContinueWith(
        static late =>
        {
            // Reading the exception is what keeps it from being reported as unobserved.
            if (late.Exception is null)
            {
                Wipe((late.Result as GenerateDataKeyResponse)?.Plaintext ?? (late.Result as DecryptResponse)?.Plaintext);
            }
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
