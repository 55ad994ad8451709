using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>
/// Around every feature's endpoint: what it revealed is in the trail before its result is written. Where that
/// cannot be, an error is written in its place.
/// </summary>
internal sealed class AuditGate : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var access = http.RequestServices.GetRequiredService<AccessRecord>();
        if (PurposesOfUse.Read(http.Request) is null)
        {
            return AuditErrors.UnknownPurpose.ToResult();
        }

        var metadata = http.GetEndpoint()?.Metadata.GetMetadata<AuditedAs>();
        access.Reading = metadata?.Action ?? AuditAction.ReadRecords;
        var result = await next(context);
        // A handler that has several answers gives the one of them inside another.
        var answer = result is INestedHttpResult nested ? nested.Result : result;
        var isEvent = metadata is not null && answer is not IStatusCodeHttpResult { StatusCode: >= StatusCodes.Status400BadRequest };
        if (isEvent)
        {
            // The handler may not have asked for the unit of work, and the event needs it.
            http.RequestServices.GetRequiredService<AppDbContext>();
        }

        try
        {
            await access.CommitAsync(always: isEvent, http.RequestAborted);
            return result;
        }
        catch (AuditUnavailableException)
        {
            http.Response.Clear();
            return AuditErrors.Unavailable.ToResult();
        }
    }
}

/// <summary>An endpoint behind the gate, which takes a purpose of use.</summary>
internal sealed record Audited;

/// <summary>An endpoint whose use is an event even when it reveals nothing.</summary>
internal sealed record AuditedAs(AuditAction Action);
