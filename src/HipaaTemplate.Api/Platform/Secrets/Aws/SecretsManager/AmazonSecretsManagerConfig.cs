using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.SecretsManager.Internal;
using Endpoint = Amazon.Runtime.Endpoints.Endpoint;

namespace Amazon.SecretsManager;

/// <summary>Stand-in for the configuration of this name in AWSSDK.SecretsManager; see README.md above it.</summary>
public class AmazonSecretsManagerConfig : ClientConfig
{
    public AmazonSecretsManagerConfig()
        : base(new Defaults())
    {
        base.ServiceId = ServiceId;
        AuthenticationServiceName = "secretsmanager";
        EndpointProvider = new AmazonSecretsManagerEndpointProvider();
    }

    public static new string ServiceId => "Secrets Manager";

    public override string RegionEndpointServiceName => "secretsmanager";

    public override string ServiceVersion => "2017-10-17";

    public override string UserAgent => "aws-sdk-dotnet-core/stand-in-for-secretsmanager";

    public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) =>
        EndpointProvider.ResolveEndpoint(Parameters());

    internal EndpointParameters Parameters() => new()
    {
        ["Region"] = RegionEndpoint?.SystemName ?? AuthenticationRegion,
        ["UseDualStack"] = UseDualstackEndpoint,
        ["UseFIPS"] = UseFIPSEndpoint,
        ["Endpoint"] = ServiceURL,
    };

    private sealed class Defaults : IDefaultConfigurationProvider
    {
        private static readonly DefaultConfiguration Standard = new()
        {
            Name = DefaultConfigurationMode.Standard, RetryMode = RequestRetryMode.Standard, ConnectTimeout = TimeSpan.FromSeconds(3.1),
        };

        public IDefaultConfiguration GetDefaultConfiguration(RegionEndpoint clientRegion, DefaultConfigurationMode? requestedConfigurationMode = null) =>
            Standard;
    }
}
