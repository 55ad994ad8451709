using System.Diagnostics;
using System.Net;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Authentication.Users;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>Who asks, from a request.</summary>
internal sealed class AuditActors(CurrentUser users, TenantContext tenant)
{
    /// <summary>The user by the tenant's own id for it, which is made when there is none yet.</summary>
    public async ValueTask<AuditActor> FindAsync(HttpContext context, CancellationToken ct) =>
        tenant.IsEntered && context.Features.Get<AccessToken>() is { } token
            ? Unknown(context) with
            {
                Type = AuditActorType.User,
                Id = (await users.FindOrLinkAsync(token, ct)).ToString(),
                Session = token.SessionId,
                Purpose = PurposesOfUse.Read(context.Request) ?? PurposesOfUse.Standard,
            }
            : Unknown(context);

    public static AuditActor Unknown(HttpContext context) => new(AuditActorType.Unknown)
    {
        Address = TextOf(context.Connection.RemoteIpAddress),
        Endpoint = $"{context.KnownMethod()} {context.RouteTemplate()}",
        Request = context.TraceIdentifier,
        Trace = Activity.Current?.TraceId.ToString(),
    };

    /// <summary>A socket of both families says ::ffff:192.0.2.1 for 192.0.2.1.</summary>
    private static string? TextOf(IPAddress? address) =>
        (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
}
