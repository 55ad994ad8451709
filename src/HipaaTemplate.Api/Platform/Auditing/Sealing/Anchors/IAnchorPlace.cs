namespace HipaaTemplate.Platform.Auditing.Sealing.Anchors;

/// <summary>
/// A place outside the database where anchors are put and stay. Every implementation passes one suite of tests,
/// AnchorPlaceContract.
/// </summary>
/// <remarks>
/// Every method throws <see cref="AnchorPlaceException"/> and, when <c>ct</c> was cancelled,
/// <see cref="OperationCanceledException"/>; nothing else, whatever the place answers.
/// </remarks>
internal interface IAnchorPlace
{
    /// <exception cref="AnchorPlaceException">A refusal: what is put there could be removed again.</exception>
    Task CheckAsync(CancellationToken ct);

    /// <summary>Names in their order (ordinal), those too whose object was hidden since.</summary>
    /// <param name="after">Only what comes after it.</param>
    /// <param name="ct">To stop.</param>
    IAsyncEnumerable<string> ListAsync(string after, CancellationToken ct);

    /// <summary>All of it or nothing, and never in another one's place. That it is there already, the same, is no failure.</summary>
    Task PutAsync(string name, byte[] content, CancellationToken ct);
}

/// <param name="reason">For the log and for readiness: ours, or the service's code; never its text.</param>
/// <param name="isRefusal">It would be none: an anchor that can be removed proves nothing.</param>
internal sealed class AnchorPlaceException(string reason, bool isRefusal = false, Exception? inner = null) : Exception(reason, inner)
{
    public bool IsRefusal => isRefusal;
}
