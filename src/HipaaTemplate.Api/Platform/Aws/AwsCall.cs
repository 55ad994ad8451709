using System.Net;
using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace HipaaTemplate.Platform.Aws;

/// <summary>One call of the SDK: how long it may take, and what the service said when it failed.</summary>
internal static class AwsCall
{
    /// <summary>For whoever set no deadline.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <param name="call">To the service.</param>
    /// <param name="discard">What to do with an answer that comes when nobody waits for it any more.</param>
    /// <param name="ct">The caller's.</param>
    /// <param name="patience">Null: some seconds.</param>
    /// <exception cref="OperationCanceledException">The caller's token was cancelled.</exception>
    /// <exception cref="TimeoutException">Nobody answered in time.</exception>
    public static async Task<TAnswer> AskAsync<TAnswer>(
        Func<CancellationToken, Task<TAnswer>> call, Action<TAnswer> discard, CancellationToken ct, TimeSpan? patience = null)
    {
        ct.ThrowIfCancellationRequested();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(patience ?? Patience);
        // The SDK looks for credentials without regard to the token, and in part without giving the thread back.
        var token = deadline.Token;
        var asked = Task.Run(() => call(token), CancellationToken.None);
        try
        {
            return await asked.WaitAsync(token);
        }
        catch (Exception) when (ct.IsCancellationRequested)
        {
            DiscardLater(asked, discard);
            throw new OperationCanceledException(ct);
        }
        catch (OperationCanceledException e)
        {
            DiscardLater(asked, discard);
            throw new TimeoutException("No answer in time.", e);
        }
    }

    private static void DiscardLater<TAnswer>(Task<TAnswer> asked, Action<TAnswer> discard) => _ = asked.ContinueWith(
        late =>
        {
            // Reading the exception is what keeps it from being reported as unobserved.
            if (late is { IsCanceled: false, Exception: null })
            {
                discard(late.Result);
            }
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}

/// <param name="Code">The service's own; null when it was not the service that answered, or nobody did.</param>
/// <param name="MayPass">The same call may succeed later.</param>
/// <param name="Reason">For the log: the code, or ours; never the service's text, which names accounts and keys.</param>
internal sealed record AwsFailure(string? Code, bool MayPass, string Reason)
{
    private static readonly HashSet<string> Transient =
    [
        "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded", "LimitExceededException",
        "RequestTimeout", "RequestTimeoutException", "InternalServiceError",
        "KMSInternalException", "DependencyTimeoutException", "KeyUnavailableException",
        // Of STS, while the SDK fetches credentials.
        "IDPCommunicationError",
    ];

    public static AwsFailure Of(Exception failure)
    {
        // A refusal of the credentials comes wrapped in an error of the SDK.
        for (var e = failure; e is not null; e = e.InnerException)
        {
            if (e is AmazonServiceException { ErrorCode: { Length: > 0 } code } answer and not AmazonUnmarshallingException && IsCode(code))
            {
                return new AwsFailure(code, IsTransient(answer), code);
            }
        }

        var reason = failure is TimeoutException ? "no answer in time" : $"no answer of the service ({failure.GetType().Name})";
        return new AwsFailure(Code: null, MayPass: true, reason);
    }

    private static bool IsTransient(AmazonServiceException answer) =>
        Transient.Contains(answer.ErrorCode) || answer.Retryable is not null
        || answer.StatusCode is >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout;

    /// <summary>Whatever else stands in its place was put there by somebody in between.</summary>
    private static bool IsCode(string code) => code.Length <= 64 && code.All(char.IsAsciiLetterOrDigit);
}
