using System.Runtime.CompilerServices;

namespace HipaaTemplate.Platform.Auditing.Sealing.Anchors;

/// <summary>Files of a directory. Who may write to it may remove them, so it is for development, or for a disk that is written once.</summary>
internal sealed class DirectoryAnchorPlace(string directory) : IAnchorPlace
{
    public Task CheckAsync(CancellationToken ct) => AtPlaceAsync(() => Directory.Exists(directory)
        ? Task.CompletedTask
        : throw new DirectoryNotFoundException());

    public async IAsyncEnumerable<string> ListAsync(string after, [EnumeratorCancellation] CancellationToken ct)
    {
        List<string> names = [];
        await AtPlaceAsync(() =>
        {
            names = [.. Directory.EnumerateFiles(directory).Select(file => Path.GetFileName(file))];
            return Task.CompletedTask;
        });
        foreach (var name in names.Where(name => string.CompareOrdinal(name, after) > 0).Order(StringComparer.Ordinal))
        {
            ct.ThrowIfCancellationRequested();
            yield return name;
        }
    }

    public Task PutAsync(string name, byte[] content, CancellationToken ct) => AtPlaceAsync(async () =>
    {
        var (file, unfinished) = (Path.Combine(directory, name), Path.Combine(directory, $".{name}.{Guid.CreateVersion7():N}"));
        try
        {
            await using (var stream = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write))
            {
                await stream.WriteAsync(content, ct);
                stream.Flush(flushToDisk: true);
            }

            File.Move(unfinished, file, overwrite: false);
        }
        catch (IOException) when (File.Exists(file))
        {
            var there = await File.ReadAllBytesAsync(file, ct);
            if (!there.AsSpan().SequenceEqual(content))
            {
                throw new AnchorPlaceException($"{name} is there already, and it is another one");
            }
        }
        finally
        {
            File.Delete(unfinished);
        }
    });

    private static async Task AtPlaceAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AnchorPlaceException($"AUDIT_ANCHOR_DIRECTORY: {e.GetType().Name}", inner: e);
        }
    }
}
