using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Platform.Auditing;

internal static class AuditingExtensions
{
    public static void AddAuditing(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<AuditNumbers>();
        builder.Services.AddSingleton<AuditStamp>();
        builder.Services.AddSingleton<AuditStore>();
        builder.Services.AddSingleton<AuditTrail>();
        builder.Services.AddScoped<AccessRecord>();
        builder.Services.AddScoped<AuditActors>();
        builder.Services.AddScoped<Refusals>();
    }

    /// <summary>An event for each use of the endpoint, of this kind, even when nothing is revealed.</summary>
    public static TBuilder AuditedAs<TBuilder>(this TBuilder builder, AuditAction action)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new AuditedAs(action));
}
