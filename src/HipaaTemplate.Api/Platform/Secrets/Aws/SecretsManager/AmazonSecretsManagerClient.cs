using System.Net;
using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.SecretsManager.Internal;
using Amazon.SecretsManager.Model;

namespace Amazon.SecretsManager;

/// <summary>Stand-in for the client of this name in AWSSDK.SecretsManager; see README.md above it.</summary>
public class AmazonSecretsManagerClient : AmazonServiceClient, IAmazonSecretsManager
{
    public AmazonSecretsManagerClient(AmazonSecretsManagerConfig config)
        : base(config)
    {
    }

    public AmazonSecretsManagerClient(AWSCredentials credentials, AmazonSecretsManagerConfig clientConfig)
        : base(credentials, clientConfig)
    {
    }

    protected override IServiceMetadata ServiceMetadata { get; } = new Metadata();

    public virtual Task<GetSecretValueResponse> GetSecretValueAsync(
        GetSecretValueRequest request, CancellationToken cancellationToken = default) => InvokeAsync<GetSecretValueResponse>(
            request,
            new InvokeOptions
            {
                RequestMarshaller = GetSecretValueRequestMarshaller.Instance,
                ResponseUnmarshaller = GetSecretValueResponseUnmarshaller.Instance,
            },
            cancellationToken);

    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        pipeline.RemoveHandler<EndpointResolver>();
        pipeline.AddHandlerAfter<Marshaller>(new ConfiguredEndpoint());
        pipeline.AddHandlerAfter<Marshaller>(new SignatureVersion4());
    }

    private sealed class Metadata : IServiceMetadata
    {
        public string ServiceId => "Secrets Manager";

        public IDictionary<string, string> OperationNameMapping { get; } = new Dictionary<string, string>();
    }

    private sealed class SignatureVersion4 : BaseAuthResolverHandler
    {
        protected override List<IAuthSchemeOption> ResolveAuthOptions(IExecutionContext executionContext) =>
            AuthSchemeOption.DEFAULT_SIGV4;
    }

    private sealed class ConfiguredEndpoint : BaseEndpointResolver
    {
        protected override EndpointParameters MapEndpointsParameters(IRequestContext requestContext) =>
            ((AmazonSecretsManagerConfig)requestContext.ClientConfig).Parameters();
    }
}

/// <summary>Any error of the service that has no class of its own here.</summary>
public class AmazonSecretsManagerException(
    string message, Exception innerException, ErrorType errorType, string errorCode, string requestId, HttpStatusCode statusCode)
    : AmazonServiceException(message, innerException, errorType, errorCode, requestId, statusCode);
