using System.Text.RegularExpressions;
using Amazon;
using Amazon.Runtime;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Aws;

/// <summary>
/// Where AWS is. Credentials are no settings of ours: the SDK finds them, in this order, in the environment, by a
/// web identity (EKS), in a profile, at the container's endpoint (ECS, EKS Pod Identity) and at the instance's.
/// </summary>
internal sealed partial class AwsSettings : IHasProblems
{
    [Setting("AWS_REGION", "Region of the AWS services in use, such as eu-central-1.")]
    public string? Region { get; set; }

    [Setting("AWS_ENDPOINT_URL", "Address of the AWS services, in place of the region's own: for a private endpoint or a test double. Outside development it must be https.",
        DefaultText = "the region's")]
    public Uri? EndpointUrl { get; set; }

    [Setting("AWS_SECRETS_MANAGER_SECRET_ID", "Name or ARN of the secret in AWS Secrets Manager that holds settings: a JSON object of their names and values.")]
    public string? SecretId { get; set; }

    public IEnumerable<string> Problems()
    {
        if (Region is not null && !RegionPattern().IsMatch(Region))
        {
            yield return "AWS_REGION must be the name of a region, such as eu-central-1.";
        }

        if (Region is null && SecretId is not null)
        {
            yield return "AWS_REGION is missing: the region of AWS_SECRETS_MANAGER_SECRET_ID.";
        }

        if (EndpointUrl is not (null or { Scheme: "http" or "https", PathAndQuery: "/", Fragment: "", UserInfo: "" }))
        {
            yield return "AWS_ENDPOINT_URL must be an address without a path, scheme://host[:port].";
        }
    }

    /// <summary>What is impossible in this deployment, beside what is impossible everywhere.</summary>
    public IEnumerable<string> Problems(bool isDevelopment)
    {
        // What is sent and answered there are keys and secrets in clear.
        if (EndpointUrl?.Scheme == Uri.UriSchemeHttp && !isDevelopment)
        {
            yield return "AWS_ENDPOINT_URL must be https outside development.";
        }
    }

    /// <summary>
    /// One extra attempt and no more: the caller decides how long something may take, and a service in
    /// trouble is not helped by being asked again.
    /// </summary>
    public TConfig Configure<TConfig>(TConfig config)
        where TConfig : ClientConfig
    {
        if (EndpointUrl is { } address)
        {
            config.ServiceURL = address.AbsoluteUri;
            config.AuthenticationRegion = Region;
        }
        else if (Region is { } region)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }

        // AWS_ENDPOINT_URL_KMS and its like would not be checked by anybody.
        config.IgnoreConfiguredEndpointUrls = true;
        config.AllowAutoRedirect = false;
        config.RetryMode = RequestRetryMode.Standard;
        config.MaxErrorRetry = 1;
        // By default ten more, uncounted.
        config.MaxStaleConnectionRetries = 0;
        config.ConnectTimeout = TimeSpan.FromSeconds(2);
        return config;
    }

    [GeneratedRegex(@"^[a-z]+(-[a-z]+)+-[0-9]+\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RegionPattern();
}

/// <summary>Refuses outside development what is allowed in it.</summary>
internal sealed class AwsSettingsValidator(IOptions<ServerSettings> server) : IValidateOptions<AwsSettings>
{
    public ValidateOptionsResult Validate(string? name, AwsSettings options)
    {
        string[] problems = [.. options.Problems(server.Value.IsDevelopment)];
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
