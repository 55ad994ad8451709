using Microsoft.AspNetCore.Http;

namespace HipaaTemplate.Tests.Harness.Aws;

/// <summary>An error as the service would answer it.</summary>
internal sealed class AwsRefusal(string type, string message, int status = StatusCodes.Status400BadRequest) : Exception(message)
{
    public string Type => type;

    public int Status => status;
}
