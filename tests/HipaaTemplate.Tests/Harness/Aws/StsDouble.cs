using System.Collections.Concurrent;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace HipaaTemplate.Tests.Harness.Aws;

/// <summary>AWS STS: roles to be assumed, by a web identity or by who is known already (STS API Reference).</summary>
internal sealed class StsDouble(AwsDouble aws)
{
    private static readonly XNamespace Xml = "https://sts.amazonaws.com/doc/2011-06-15/";
    private readonly ConcurrentDictionary<string, string> identities = new();
    private readonly ConcurrentDictionary<string, Func<string, bool>> roles = new();

    /// <summary>How long what it issues is good for.</summary>
    public TimeSpan Lasts { get; set; } = TimeSpan.FromHours(1);

    public static string RoleArn(string role) => $"arn:aws:iam::{AwsDouble.Account}:role/{role}";

    public static string SessionArn(string role, string session) => $"arn:aws:sts::{AwsDouble.Account}:assumed-role/{role}/{session}";

    public static Dictionary<string, string> Form(WireRequest request) => QueryHelpers.ParseQuery(Encoding.UTF8.GetString(request.Body))
        .ToDictionary(pair => pair.Key, pair => pair.Value.ToString());

    /// <param name="trusts">Subject of a web identity or ARN of a caller; may it assume the role?</param>
    public void AddRole(string role, Func<string, bool> trusts) => roles[RoleArn(role)] = trusts;

    /// <summary>A token that the identity provider of the cluster issued for a subject.</summary>
    public void Trust(string token, string subject) => identities[token] = subject;

    public string Handle(string operation, WireRequest request, AwsCredential? signer)
    {
        var form = Form(request);
        return operation switch
        {
            "GetCallerIdentity" => Answer(
                operation,
                new XElement(Xml + "Arn", signer!.Principal),
                new XElement(Xml + "UserId", "AIDAEXAMPLE"),
                new XElement(Xml + "Account", AwsDouble.Account)),
            "AssumeRole" => Assumed(operation, form, signer!.Principal),
            "AssumeRoleWithWebIdentity" => Assumed(operation, form, identities.GetValueOrDefault(form.GetValueOrDefault("WebIdentityToken", ""))
                ?? throw new AwsRefusal("InvalidIdentityToken", "The ID Token provided is not a valid JWT.")),
            _ => throw new AwsRefusal("InvalidAction", "Could not find operation."),
        };
    }

    public static byte[] Error(AwsRefusal refusal) => Encoding.UTF8.GetBytes(new XElement(
        Xml + "ErrorResponse",
        new XElement(
            Xml + "Error",
            new XElement(Xml + "Type", "Sender"), new XElement(Xml + "Code", refusal.Type), new XElement(Xml + "Message", refusal.Message)),
        new XElement(Xml + "RequestId", Guid.CreateVersion7())).ToString());

    private string Assumed(string operation, Dictionary<string, string> form, string subject)
    {
        var arn = form.GetValueOrDefault("RoleArn", "");
        if (!roles.TryGetValue(arn, out var trusts) || !trusts(subject))
        {
            throw new AwsRefusal("AccessDenied", $"Not authorized to perform sts:{operation}", StatusCodes.Status403Forbidden);
        }

        var session = SessionArn(arn[(arn.LastIndexOf('/') + 1)..], form.GetValueOrDefault("RoleSessionName", "session"));
        var issued = aws.NewSession(session, Lasts);
        return Answer(
            operation,
            new XElement(
                Xml + "Credentials",
                new XElement(Xml + "AccessKeyId", issued.AccessKeyId),
                new XElement(Xml + "SecretAccessKey", issued.SecretAccessKey),
                new XElement(Xml + "SessionToken", issued.SessionToken),
                new XElement(Xml + "Expiration", issued.Expires!.Value.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"))),
            new XElement(
                Xml + "AssumedRoleUser", new XElement(Xml + "Arn", session), new XElement(Xml + "AssumedRoleId", "AROAEXAMPLE:session")));
    }

    private static string Answer(string operation, params object[] content) => new XElement(
        Xml + $"{operation}Response",
        new XElement(Xml + $"{operation}Result", content),
        new XElement(Xml + "ResponseMetadata", new XElement(Xml + "RequestId", Guid.CreateVersion7()))).ToString();
}
