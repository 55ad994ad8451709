using Amazon.Runtime;
using Amazon.SecretsManager.Model;

namespace Amazon.SecretsManager;

/// <summary>Stand-in for the interface of this name in AWSSDK.SecretsManager; see README.md above it.</summary>
public interface IAmazonSecretsManager : IAmazonService, IDisposable
{
    Task<GetSecretValueResponse> GetSecretValueAsync(
        GetSecretValueRequest request, CancellationToken cancellationToken = default);

    static ClientConfig IAmazonService.CreateDefaultClientConfig() => new AmazonSecretsManagerConfig();

    static IAmazonService IAmazonService.CreateDefaultServiceClient(AWSCredentials awsCredentials, ClientConfig clientConfig) =>
        new AmazonSecretsManagerClient(awsCredentials, (AmazonSecretsManagerConfig)clientConfig);
}
