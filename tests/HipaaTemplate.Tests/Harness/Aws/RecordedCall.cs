namespace HipaaTemplate.Tests.Harness.Aws;

/// <summary>What one request brought and got.</summary>
/// <param name="Principal">Null when nobody could be made out.</param>
/// <param name="Request">The body as it came.</param>
/// <param name="Answer">The body as it was sent, or would have been.</param>
/// <param name="Error">The service's code; null for a good answer.</param>
internal sealed record RecordedCall(
    string Service,
    string Operation,
    string? Principal,
    IReadOnlyDictionary<string, string> EncryptionContext,
    byte[] Request,
    byte[] Answer,
    string? Error)
{
    public override string ToString() => $"{Service}:{Operation} by {Principal}: {Error ?? "done"}";
}
