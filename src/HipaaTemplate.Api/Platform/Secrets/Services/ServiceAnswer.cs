using System.Buffers;
using System.Text.Json;

namespace HipaaTemplate.Platform.Secrets.Services;

/// <summary>An answer as it came. It may hold a key: disposing of it wipes the bytes.</summary>
internal sealed class ServiceAnswer : IDisposable
{
    private const int Depth = 16;

    private readonly byte[] buffer;
    private readonly JsonDocument? document;

    /// <param name="status">HTTP.</param>
    /// <param name="buffer">From the shared pool; belongs to this answer from now on.</param>
    /// <param name="length">How much of it is the body.</param>
    public ServiceAnswer(int status, byte[] buffer, int length)
    {
        Status = status;
        this.buffer = buffer;
        try
        {
            var parsed = JsonDocument.Parse(
                buffer.AsMemory(0, length), new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = Depth });
            document = parsed;
            Json = parsed.RootElement;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The page of a proxy, or nothing at all: Json stays undefined. The latter is for names with
            // escapes that are no Unicode text.
        }
    }

    public int Status { get; }

    /// <summary>Undefined where the body is no JSON.</summary>
    public JsonElement Json { get; }

    public bool IsObject => Json.ValueKind == JsonValueKind.Object;

    /// <returns>The member, or an undefined element where there is none, at any step.</returns>
    public JsonElement At(params ReadOnlySpan<string> path)
    {
        var element = Json;
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return default;
            }
        }

        return element;
    }

    /// <summary>Bytes that stand in the answer as base64 text.</summary>
    /// <returns>An array that belongs to the caller; null where there is no such text.</returns>
    public byte[]? BytesAt(params ReadOnlySpan<string> path)
    {
        var element = At(path);
        try
        {
            return element.ValueKind == JsonValueKind.String && element.TryGetBytesFromBase64(out var bytes) ? bytes : null;
        }
        catch (InvalidOperationException)
        {
            // Escapes that are no Unicode text.
            return null;
        }
    }

    public void Dispose()
    {
        document?.Dispose();
        ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
    }
}
