using System.Net;
using Amazon.Runtime;

namespace Amazon.SecretsManager.Model;

public class GetSecretValueRequest : AmazonWebServiceRequest
{
    /// <summary>Name or ARN.</summary>
    public string? SecretId { get; set; }

    public string? VersionId { get; set; }

    /// <summary>AWSCURRENT unless it or the version is given.</summary>
    public string? VersionStage { get; set; }
}

public class GetSecretValueResponse : AmazonWebServiceResponse
{
    public string? ARN { get; set; }

    public string? Name { get; set; }

    public string? VersionId { get; set; }

#pragma warning disable MA0016 // As the package has it.
    public List<string>? VersionStages { get; set; }
#pragma warning restore MA0016

    public DateTime? CreatedDate { get; set; }

    /// <summary>Null when the secret is binary.</summary>
    public string? SecretString { get; set; }

    public MemoryStream? SecretBinary { get; set; }
}

public class ResourceNotFoundException(
    string message, Exception innerException, ErrorType errorType, string errorCode, string requestId, HttpStatusCode statusCode)
    : AmazonSecretsManagerException(message, innerException, errorType, errorCode, requestId, statusCode);

public class DecryptionFailureException(
    string message, Exception innerException, ErrorType errorType, string errorCode, string requestId, HttpStatusCode statusCode)
    : AmazonSecretsManagerException(message, innerException, errorType, errorCode, requestId, statusCode);
