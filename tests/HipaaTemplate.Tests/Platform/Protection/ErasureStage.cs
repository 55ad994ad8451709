using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Protection.Erasure;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>An API, a second one on the same database that keeps keys of its own, and a place for certificates.</summary>
internal sealed class ErasureStage : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("hipaa-erasure-");

    private ErasureStage(ApiHost api, string url, NpgsqlConnection dba)
    {
        Api = api;
        Url = url;
        Dba = dba;
        Other = new ApiHost(url, App.Issuer);
    }

    public ApiHost Api { get; }

    public ApiHost Other { get; }

    public string Url { get; }

    /// <summary>Past every policy.</summary>
    public NpgsqlConnection Dba { get; }

    public static async Task<ErasureStage> OpenAsync(Action<IServiceCollection>? configureServices = null)
    {
        var (api, url) = await App.NewApiAsync(configureServices: configureServices);
        return new ErasureStage(api, url, await DatabaseAccess.OpenSuperuserConnectionAsync(url));
    }

    public string NewFile() => Path.Combine(folder.FullName, $"{Guid.CreateVersion7():N}.json");

    public string Write(string text)
    {
        var file = NewFile();
        File.WriteAllText(file, text);
        return file;
    }

    /// <summary>A row, and one of another table that is about the same patient.</summary>
    public async Task<SealedProbe> AddAsync(Clinic clinic, ApiHost? api = null)
    {
        SealedProbe probe = new()
        {
            Code = $"code-{Guid.CreateVersion7():N}",
            Note = "Lindqvist",
            Day = new DateOnly(1931, 12, 1),
        };
        await using var work = TenantWork.Of(api ?? Api, clinic.Id);
        work.Db.Add(probe);
        work.Db.Add(new SealedNote { ProbeId = probe.Id, Text = "a note" });
        await work.Db.SaveChangesAsync();
        return probe;
    }

    public static async Task<string> NoteOfAsync(ApiHost api, Clinic clinic, Guid id)
    {
        await using var work = TenantWork.Of(api, clinic.Id);
        return (await work.Db.Set<SealedProbe>().SingleAsync(p => p.Id == id)).Note!.Reveal();
    }

    public static async Task<string> TextAboutAsync(ApiHost api, Clinic clinic, Guid id)
    {
        await using var work = TenantWork.Of(api, clinic.Id);
        return (await work.Db.Set<SealedNote>().FirstAsync(n => n.ProbeId == id)).Text.Reveal();
    }

    public Task<int> KeysAsync(params string[] words) => Api.RunAsync("keys", words);

    /// <summary>Runs the verb and reads the file that it wrote.</summary>
    public async Task<string> ErasePatientAsync(Clinic clinic, Guid id)
    {
        var file = NewFile();
        Assert.That(await KeysAsync("erase", "--patient", id.ToString(), "--tenant", clinic.Slug, "--out", file), Is.Zero);
        return file;
    }

    public async Task<string> EraseTenantAsync(Clinic clinic)
    {
        await Api.RunAsync("tenants", "suspend", clinic.Slug);
        var file = NewFile();
        Assert.That(await KeysAsync("erase", "--tenant", clinic.Slug, "--out", file), Is.Zero);
        return file;
    }

    public Task<ProcessResult> RunAsync(params string[] words)
    {
        var settings = ApiProcess.Settings(Url, App.Issuer);
        settings["KEY_LOCAL_FILE"] = App.LocalKeyFile;
        return ApiProcess.RunAsync(settings, words);
    }

    /// <summary>By the product's own reader, with the key in the database.</summary>
    public async Task<ErasureCertificate?> VerifyAsync(string text)
    {
        var keys = Api.Services.GetRequiredService<CertificateKeys>();
        using var key = await keys.PublicAsync(CancellationToken.None);
        return SignedCertificate.TryParse(Encoding.UTF8.GetBytes(text), out var signed) ? signed.Verify(key) : null;
    }

    public static JsonObject Jws(string file) => JsonNode.Parse(File.ReadAllText(file))!.AsObject();

    public static JsonElement PayloadOf(string file) => JsonSerializer.Deserialize<JsonElement>(
        System.Buffers.Text.Base64Url.DecodeFromChars(Jws(file)["payload"]!.GetValue<string>()));

    public Task<T> RawAsync<T>(string table, string expression, Guid id) =>
        Dba.ScalarAsync<T>($"SELECT {expression} FROM {table} WHERE id = '{id}'");

    public Task<long> CountAsync(string table, TenantId tenant, string condition) =>
        Dba.ScalarAsync<long>($"SELECT count(*) FROM {table} WHERE tenant_id = '{tenant}' AND {condition}");

    public async ValueTask DisposeAsync()
    {
        await Dba.DisposeAsync();
        await Other.DisposeAsync();
        await Api.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
