using System.Diagnostics;
using HipaaTemplate.Platform.Database;
using Npgsql;

namespace HipaaTemplate.Tests.Harness;

/// <summary>A throw-away cluster as whoever holds its disk or its backups has it; and the switch on its machine.</summary>
internal sealed class ClusterOnDisk
{
    private readonly PostgresCluster cluster;
    private readonly string database;

    private ClusterOnDisk(PostgresCluster cluster, string database)
    {
        this.cluster = cluster;
        this.database = database;
    }

    public required string DataDirectory { get; init; }

    /// <summary>Where pg_ctl, pg_dump and pg_restore are.</summary>
    public required string Programs { get; init; }

    public string Log => Path.Combine(Path.GetDirectoryName(DataDirectory)!, "log");

    /// <param name="cluster">One that the tests started.</param>
    /// <param name="database">The one to be looked into.</param>
    public static async Task<ClusterOnDisk> OfAsync(PostgresCluster cluster, string database)
    {
        await using var connection = await OpenAsync(cluster, database);
        return new ClusterOnDisk(cluster, database)
        {
            DataDirectory = await connection.ScalarAsync<string>("SHOW data_directory"),
            Programs = await connection.ScalarAsync<string>("SELECT setting FROM pg_config WHERE name = 'BINDIR'"),
        };
    }

    public Task<NpgsqlConnection> OpenAsync() => OpenAsync(cluster, database);

    /// <summary>Settings for good; those that want a new start have them after the next one.</summary>
    public async Task SetAsync(params (string Name, string Value)[] settings)
    {
        await using var connection = await OpenAsync();
        foreach (var (name, value) in settings)
        {
            await connection.ExecuteAsync($"ALTER SYSTEM SET {name} = '{value}'");
        }

        await connection.ExecuteAsync("SELECT pg_reload_conf()");
    }

    /// <summary>As a machine that loses its power and comes back.</summary>
    public async Task RestartAsync()
    {
        var (exitCode, _, errors) = await RunAsync(
            "pg_ctl", ["restart", "-D", DataDirectory, "-m", "immediate", "-w", "-t", "60", "-l", Log], asOwner: true);
        Assert.That(exitCode, Is.Zero, errors);
    }

    /// <summary>What is only in memory is on disk afterwards, and the segment of the log that was written to is complete.</summary>
    public async Task FlushAsync()
    {
        await using var connection = await OpenAsync();
        await connection.ExecuteAsync("CHECKPOINT");
        await connection.ExecuteAsync("SELECT pg_switch_wal()");
    }

    /// <summary>The database as pg_dump writes it.</summary>
    public async Task<byte[]> DumpAsync() => await ReadAsync("pg_dump", ["--no-password", .. Connection(), database]);

    /// <summary>The same through the compressed format that backups have, unpacked again.</summary>
    public async Task<byte[]> DumpPackedAsync()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, await ReadAsync("pg_dump", ["--no-password", "--format=custom", .. Connection(), database]));
            return await ReadAsync("pg_restore", ["--file=-", file]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Every file of the data directory, as it is at the moment; one that is gone by then held nothing that stays.</summary>
    public IEnumerable<(string Name, byte[] Bytes)> Files()
    {
        foreach (var file in Directory.EnumerateFiles(DataDirectory, "*", SearchOption.AllDirectories))
        {
            byte[] bytes;
            try
            {
                bytes = File.ReadAllBytes(file);
            }
            catch (FileNotFoundException)
            {
                continue;
            }

            yield return (Path.GetRelativePath(DataDirectory, file), bytes);
        }
    }

    /// <summary>
    /// All that is left of the write-ahead log, without the headers of its pages, which may stand in the middle of a
    /// record and so of a word (PostgreSQL, src/include/access/xlog_internal.h).
    /// </summary>
    public byte[] WriteAheadLog()
    {
        const int page = 8192, header = 24, headerOfSegment = 40;
        using var log = new MemoryStream();
        foreach (var segment in Directory.GetFiles(Path.Combine(DataDirectory, "pg_wal"), "????????????????????????").Order(StringComparer.Ordinal))
        {
            var bytes = File.ReadAllBytes(segment);
            for (var at = 0; at < bytes.Length; at += page)
            {
                log.Write(bytes.AsSpan((at == 0 ? headerOfSegment : at + header)..Math.Min(at + page, bytes.Length)));
            }
        }

        return log.ToArray();
    }

    private static async Task<NpgsqlConnection> OpenAsync(PostgresCluster cluster, string database)
    {
        var url = DatabaseUrl.Parse(cluster.SuperuserUrlOf(database));
        url.Pooling = false;
        var connection = new NpgsqlConnection(url.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private string[] Connection()
    {
        var url = DatabaseUrl.Parse(cluster.SuperuserUrl);
        return [$"--host={url.Host}", $"--port={url.Port}", $"--username={url.Username}"];
    }

    private async Task<byte[]> ReadAsync(string program, string[] arguments)
    {
        var (exitCode, output, errors) = await RunAsync(program, arguments, asOwner: false);
        Assert.That(exitCode, Is.Zero, errors);
        return output;
    }

    private async Task<(int ExitCode, byte[] Output, string Errors)> RunAsync(string program, string[] arguments, bool asOwner)
    {
        // PostgreSQL refuses to be started by root: its files' owner is somebody else then.
        string[] words = [Path.Combine(Programs, program), .. arguments];
        if (asOwner && Environment.UserName == "root")
        {
            words = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", .. words];
        }

        var start = new ProcessStartInfo(words[0], words[1..])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
            Environment = { ["PGPASSWORD"] = DatabaseUrl.Parse(cluster.SuperuserUrl).Password! },
        };
        using var process = Process.Start(start)!;
        using var output = new MemoryStream();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.WaitForExitAsync();
        return (process.ExitCode, output.ToArray(), await errors);
    }
}
