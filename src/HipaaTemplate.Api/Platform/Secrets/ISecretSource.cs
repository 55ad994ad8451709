namespace HipaaTemplate.Platform.Secrets;

/// <summary>A service that keeps settings which are secrets.</summary>
internal interface ISecretSource
{
    /// <summary>For logs and messages, such as "AWS Secrets Manager".</summary>
    string Name { get; }

    /// <summary>Every setting that the service has for this deployment, by its name (docs/CONFIGURATION.md).</summary>
    /// <exception cref="SecretSourceException">It has none, refuses, or does not answer.</exception>
    Task<IReadOnlyDictionary<string, string>> LoadAsync(CancellationToken ct);
}

/// <param name="reason">For the log and the operator: an error code, never a value or an address.</param>
internal sealed class SecretSourceException(string reason, Exception? inner = null) : Exception(reason, inner);
