using System.Text;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Swashbuckle.AspNetCore.SwaggerUI;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Hosting;

namespace HipaaTemplate.Platform.OpenApi;

internal static class OpenApiExtensions
{
    private const string DocumentPath = "/openapi.json";
    private const string Title = "HipaaTemplate API";

    public static void AddApiDescription(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DescriptionCache>();
        builder.Services.AddOpenApi(options =>
        {
            options.OpenApiVersion = Microsoft.OpenApi.OpenApiSpecVersion.OpenApi3_1;
            // Nested records: CreatePatient.Request is CreatePatientRequest.
            options.CreateSchemaReferenceId = type => type.Type.DeclaringType is { } useCase
                ? useCase.Name + type.Type.Name
                : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
            options.AddDocumentTransformer<SignInTransformer>();
            options.AddOperationTransformer<ErrorCodesTransformer>();
            options.AddOperationTransformer<PurposeTransformer>();
            options.AddSchemaTransformer<EnumWordsTransformer>();
        });
    }

    /// <remarks>
    /// Not MapOpenApi: it takes the document's name from the query and says it again in a plain 404,
    /// and it makes the document anew for every caller.
    /// </remarks>
    public static void MapApiDescription(this IEndpointRouteBuilder app) => app
        .MapGet(DocumentPath, async (DescriptionCache description, CancellationToken ct) =>
            TypedResults.Text(await description.ReadAsync(ct), "application/json", Encoding.UTF8))
        .ExcludeFromDescription()
        .AllowAnonymous();

    /// <summary>/docs (Swagger UI, signs in by code and PKCE) and /redoc.</summary>
    public static void UseApiDescriptionPages(this WebApplication app)
    {
        app.UseWhen(IsDocumentation, pages => pages.UseMiddleware<DocumentationPolicyMiddleware>());
        app.UseSwaggerUI(ui => Configure(
            ui, app.Services.GetRequiredService<IOptions<AuthenticationSettings>>().Value));
        app.UseReDoc(page =>
        {
            page.RoutePrefix = "redoc";
            page.DocumentTitle = Title;
            page.SpecUrl = DocumentPath;
        });
    }

    private static void Configure(SwaggerUIOptions ui, AuthenticationSettings settings)
    {
        ui.RoutePrefix = "docs";
        ui.DocumentTitle = Title;
        ui.SwaggerEndpoint(DocumentPath, Title);
        ui.OAuthClientId(settings.ClientIds[0]);
        ui.OAuthUsePkce();
        ui.OAuthScopes(SignInTransformer.Scopes);
        // Tokens stay out of the browser's storage.
        ui.ConfigObject.PersistAuthorization = false;
    }

    private static bool IsDocumentation(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/docs", StringComparison.OrdinalIgnoreCase)
        || context.Request.Path.StartsWithSegments("/redoc", StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// The documentation pages run scripts of their own and talk to the identity provider; nothing else
/// may. They are the only pages that this process serves.
/// </summary>
internal sealed class DocumentationPolicyMiddleware(
    RequestDelegate next, IOptions<AuthenticationSettings> options)
{
    private readonly string policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
        + "img-src 'self' data:; worker-src blob:; frame-ancestors 'none'; "
        + $"connect-src 'self' {options.Value.IssuerUrl!.GetLeftPart(UriPartial.Authority)}";

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = policy;
        return next(context);
    }
}
