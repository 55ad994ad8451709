using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using static Amazon.Runtime.Internal.Endpoints.StandardLibrary.Fn;
using Endpoint = Amazon.Runtime.Endpoints.Endpoint;

namespace Amazon.SecretsManager.Internal;

/// <summary>The service's addresses by the SDK's own table of partitions.</summary>
public class AmazonSecretsManagerEndpointProvider : IEndpointProvider
{
    public Endpoint ResolveEndpoint(EndpointParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var isFips = parameters["UseFIPS"] is true;
        var isDualStack = parameters["UseDualStack"] is true;
        if (parameters["Endpoint"] is string { Length: > 0 } own)
        {
            return !isFips && !isDualStack
                ? new Endpoint(own)
                : throw new AmazonClientException("FIPS and dual stack are for the region's own endpoint, not for another.");
        }

        var region = parameters["Region"] as string ?? throw new AmazonClientException("No region and no endpoint are configured.");
        var partition = Partition(region);
        if ((isFips && GetAttr(partition, "supportsFIPS") is not true) || (isDualStack && GetAttr(partition, "supportsDualStack") is not true))
        {
            throw new AmazonClientException("This partition has no such endpoints.");
        }

        var suffix = GetAttr(partition, isDualStack ? "dualStackDnsSuffix" : "dnsSuffix");
        return new Endpoint($"https://secretsmanager{(isFips ? "-fips" : "")}.{region}.{suffix}");
    }
}
