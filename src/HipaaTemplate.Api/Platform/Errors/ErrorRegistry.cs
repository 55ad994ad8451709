using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Health;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Errors;

/// <summary>Every error code of this build, sorted by code.</summary>
internal sealed class ErrorRegistry(FeatureCatalog catalog)
{
    private static readonly Type[] PlatformErrors =
    [
        typeof(RequestErrors),
        typeof(AuthenticationErrors),
        typeof(TenantErrors),
        typeof(AuthorizationErrors),
        typeof(DatabaseErrors),
        typeof(ProtectionErrors),
        typeof(AuditErrors),
        typeof(HealthErrors),
    ];

    public IReadOnlyList<Error> All { get; } =
    [
        .. PlatformErrors.SelectMany(Error.AllIn)
            .Concat(catalog.Features.SelectMany(feature => feature.Errors))
            .OrderBy(error => error.Code, StringComparer.Ordinal),
    ];
}
