using System.Net;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;
using Amazon.Runtime.Internal.Util;
using Amazon.SecretsManager.Model;

namespace Amazon.SecretsManager.Internal;

internal sealed class GetSecretValueRequestMarshaller : IMarshaller<IRequest, AmazonWebServiceRequest>
{
    public static readonly GetSecretValueRequestMarshaller Instance = new();

    public IRequest Marshall(AmazonWebServiceRequest input)
    {
        var asked = (GetSecretValueRequest)input;
        var members = new (string Name, string? Value)[]
        {
            ("SecretId", asked.SecretId), ("VersionId", asked.VersionId), ("VersionStage", asked.VersionStage),
        };
        var body = members.Where(member => member.Value is not null).ToDictionary(member => member.Name, member => member.Value);
        return new DefaultRequest(input, "Amazon.SecretsManager")
        {
            HttpMethod = "POST",
            ResourcePath = "/",
            Content = JsonSerializer.SerializeToUtf8Bytes(body),
            Headers =
            {
                ["X-Amz-Target"] = "secretsmanager.GetSecretValue",
                ["Content-Type"] = "application/x-amz-json-1.1",
            },
        };
    }
}

internal sealed class GetSecretValueResponseUnmarshaller : JsonResponseUnmarshaller
{
    public static readonly GetSecretValueResponseUnmarshaller Instance = new();

    public override AmazonWebServiceResponse Unmarshall(JsonUnmarshallerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        using var answer = JsonDocument.Parse(context.Stream);
        var response = new GetSecretValueResponse();
        foreach (var member in answer.RootElement.EnumerateObject())
        {
            switch (member.Name)
            {
                case "ARN": response.ARN = member.Value.GetString(); break;
                case "Name": response.Name = member.Value.GetString(); break;
                case "VersionId": response.VersionId = member.Value.GetString(); break;
                case "VersionStages": response.VersionStages = [.. member.Value.EnumerateArray().Select(stage => stage.GetString()!)]; break;
                case "CreatedDate": response.CreatedDate = DateTime.UnixEpoch.AddSeconds(member.Value.GetDouble()); break;
                case "SecretString": response.SecretString = member.Value.GetString(); break;
                case "SecretBinary": response.SecretBinary = new MemoryStream(member.Value.GetBytesFromBase64()); break;
            }
        }

        return response;
    }

    public override AmazonServiceException UnmarshallException(
        JsonUnmarshallerContext context, Exception innerException, HttpStatusCode statusCode)
    {
        ArgumentNullException.ThrowIfNull(context);
        var reader = new StreamingUtf8JsonReader(context.Stream);
        var error = JsonErrorResponseUnmarshaller.GetInstance().Unmarshall(context, ref reader);
        return error.Code switch
        {
            "ResourceNotFoundException" => new ResourceNotFoundException(
                error.Message, innerException, error.Type, error.Code, error.RequestId, statusCode),
            "DecryptionFailure" => new DecryptionFailureException(
                error.Message, innerException, error.Type, error.Code, error.RequestId, statusCode),
            _ => new AmazonSecretsManagerException(
                error.Message, innerException, error.Type, error.Code, error.RequestId, statusCode),
        };
    }
}
