using HipaaTemplate.Platform.Errors;
using Microsoft.Net.Http.Headers;

namespace HipaaTemplate.Platform.Http;

/// <summary>Optimistic concurrency by ETag and If-Match (RFC 9110 §8.8.3 and §13.1.1).</summary>
internal static class EntityTags
{
    public static void SetEntityTag(this HttpResponse response, int version) =>
        response.Headers.ETag = Format(version);

    /// <returns>
    /// 428 without If-Match, 412 when it names another version, null when the change may be made.
    /// </returns>
    public static Error? RequireMatch(this HttpRequest request, int version)
    {
        var header = request.Headers.IfMatch;
        if (header.Count == 0)
        {
            return RequestErrors.PreconditionRequired;
        }

        if (!EntityTagHeaderValue.TryParseStrictList(header, out var tags))
        {
            return RequestErrors.PreconditionFailed;
        }

        var current = new EntityTagHeaderValue(Format(version));
        return tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(current, useStrongComparison: true))
            ? null
            : RequestErrors.PreconditionFailed;
    }

    private static string Format(int version) => $"\"{version}\"";
}
