using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace HipaaTemplate.Platform.OpenApi;

/// <summary>
/// The API's description, made at most once a minute: anybody may ask for it, and making it costs
/// some milliseconds and perhaps a call to the identity provider.
/// </summary>
internal sealed class DescriptionCache(
    [FromKeyedServices(DescriptionCache.DocumentName)] IOpenApiDocumentProvider provider,
    IOptionsMonitor<OpenApiOptions> options,
    TimeProvider time) : IDisposable
{
    private const string DocumentName = "v1";
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim oneAtATime = new(1);
    private long madeAt;
    private string? description;

    public async Task<string> ReadAsync(CancellationToken ct)
    {
        await oneAtATime.WaitAsync(ct);
        try
        {
            if (description is null || time.GetElapsedTime(madeAt) >= Freshness)
            {
                var document = await provider.GetOpenApiDocumentAsync(ct);
                description = await document.SerializeAsJsonAsync(options.Get(DocumentName).OpenApiVersion, ct);
                madeAt = time.GetTimestamp();
            }

            return description;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    public void Dispose() => oneAtATime.Dispose();
}
