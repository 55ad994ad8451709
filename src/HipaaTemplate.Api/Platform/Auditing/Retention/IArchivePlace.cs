namespace HipaaTemplate.Platform.Auditing.Retention;

/// <summary>A place that keeps what is put there once and is not changed any more: a directory, or a bucket with object lock.</summary>
internal interface IArchivePlace
{
    /// <summary>All of it or nothing, and never in another one's place.</summary>
    /// <param name="name">Parts of letters, digits, <c>.</c> and <c>-</c>, separated by <c>/</c>.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="ct">To stop.</param>
    /// <exception cref="IOException">It cannot be put there.</exception>
    Task PutAsync(string name, Func<Stream, Task> write, CancellationToken ct);

    /// <returns>Null when there is none of this name.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    Task<Stream?> OpenAsync(string name, CancellationToken ct);
}

/// <summary>A directory.</summary>
internal sealed class ArchiveDirectory(string directory) : IArchivePlace
{
    public async Task PutAsync(string name, Func<Stream, Task> write, CancellationToken ct)
    {
        var file = Path.Combine(directory, name);
        var unfinished = $"{file}.{Guid.CreateVersion7():N}";
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        try
        {
            await using (var stream = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write))
            {
                await write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(unfinished, file, overwrite: false);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    public Task<Stream?> OpenAsync(string name, CancellationToken ct)
    {
        var file = Path.Combine(directory, name);
        return Task.FromResult<Stream?>(File.Exists(file) ? File.OpenRead(file) : null);
    }
}
