using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Platform.OpenApi;

/// <summary>The errors of one endpoint, for the API's description. Every endpoint says its own.</summary>
internal sealed record FailsMetadata(IReadOnlyList<Error> Errors);

internal static class FailsExtensions
{
    /// <summary>
    /// Names the errors that this endpoint may answer with beyond the common ones (request shape,
    /// token, tenant, permission, database), which the description adds by itself.
    /// </summary>
    public static TBuilder Fails<TBuilder>(this TBuilder endpoint, params Error[] errors)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new FailsMetadata(errors));
}
