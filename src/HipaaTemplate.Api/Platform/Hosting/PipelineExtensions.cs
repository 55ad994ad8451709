using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Logging;
using HipaaTemplate.Platform.OpenApi;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Hosting;

internal static class PipelineExtensions
{
    /// <summary>The request's way, outermost first. A test pins this order.</summary>
    public static void UsePipeline(this WebApplication app)
    {
        app.UseForwardedHeaders();
        app.UseMiddleware<RequestIdMiddleware>();
        app.UseMiddleware<RequestLogMiddleware>();
        app.UseMiddleware<SecurityHeadersMiddleware>();
        app.UseErrors();
        app.UseApiDescriptionPages();
        app.UseRouting();
        app.UseCors();
        app.UseMiddleware<UnmatchedRequestsMiddleware>();
        app.UseRequestTimeouts();
        app.UseAuthentication();
        app.UseMiddleware<AuditMiddleware>();
        app.UseMiddleware<TenancyMiddleware>();
        app.UseAuthorization();
    }
}
