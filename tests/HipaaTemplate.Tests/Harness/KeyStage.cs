using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Harness;

/// <summary>A node on the shared database whose key service and clock the test has in hand.</summary>
internal sealed class KeyStage : IAsyncDisposable
{
    public const string Note = "Lindqvist";
    public const string Hanging = "hangs";

    private KeyStage(IReadOnlyDictionary<string, string>? settings, Action<IServiceCollection>? configureServices)
    {
        Api = new ApiHost(App.DatabaseUrl, App.Issuer, settings, services =>
        {
            Log.Install(services);
            Provider.Install(services);
            services.AddSingleton<TimeProvider>(Time);
            configureServices?.Invoke(services);
        });
    }

    public ManualTime Time { get; } = new();

    public LogCapture Log { get; } = new();

    public FaultyKeyProvider Provider { get; } = new();

    public ApiHost Api { get; }

    public TenantKeyRings Rings => Api.Services.GetRequiredService<TenantKeyRings>();

    /// <summary>Warm in everything but keys: what takes long the first time is not what is waited for.</summary>
    public static async Task<KeyStage> StartAsync(
        IReadOnlyDictionary<string, string>? settings = null, Action<IServiceCollection>? configureServices = null)
    {
        var stage = new KeyStage(settings, configureServices);
        // What another node makes in the course of a test is not of the future.
        stage.Time.Advance(TimeSpan.FromMinutes(1));
        var (clinic, id) = await NewRecordAsync();
        await using (var work = TenantWork.Of(stage.Api, clinic.Id))
        {
            _ = await work.Db.Set<SealedProbe>().AnyAsync(p => p.Id == id);
        }

        await stage.ShouldReadAsync(clinic, id);
        return stage;
    }

    /// <summary>A clinic with a row that another node wrote: this one has none of its keys.</summary>
    public static async Task<(Clinic Clinic, Guid Id)> NewRecordAsync()
    {
        var clinic = await App.NewClinicAsync();
        return (clinic, await WriteAsync(App.Api, clinic.Id));
    }

    public static async Task<Guid> WriteAsync(ApiHost api, TenantId tenant)
    {
        SealedProbe probe = new() { Code = $"code-{Guid.CreateVersion7():N}", Note = Note };
        await using var work = TenantWork.Of(api, tenant);
        work.Db.Add(probe);
        await work.Db.SaveChangesAsync();
        return probe.Id;
    }

    public Task<Guid> WriteAsync(TenantId tenant) => WriteAsync(Api, tenant);

    public Task<string> ReadAsync(Clinic clinic, Guid id) => ReadAsync(Api, clinic.Id, id);

    public static async Task<string> ReadAsync(ApiHost api, TenantId tenant, Guid id)
    {
        await using var work = TenantWork.Of(api, tenant);
        return (await work.Db.Set<SealedProbe>().AsNoTracking().SingleAsync(p => p.Id == id)).Note!.Reveal();
    }

    public async Task ShouldReadAsync(Clinic clinic, Guid id, string? when = null) =>
        Assert.That(await ReadAsync(clinic, id), Is.EqualTo(Note), when);

    public void ShouldNotRead(Clinic clinic, Guid id, Error error) => Assert.That(
        () => ReadAsync(clinic, id),
        Throws.InstanceOf<KeysUnavailableException>().With.Property(nameof(PhiException.Error)).EqualTo(error));

    /// <summary>A client with a token that is good by the node's clock.</summary>
    public HttpClient As(TestUser user)
    {
        var now = Time.GetUtcNow().ToUnixTimeSeconds();
        return Api.WithToken(App.Issuer.NewToken(user).With("iat", now).With("nbf", now).With("exp", now + 3600).Sign());
    }

    /// <summary>The lines of the log about a tenant whose template begins like this.</summary>
    public int CountLines(Clinic clinic, string beginning) => Log.Lines.Count(line =>
        line.Contains($"\"@mt\":\"{beginning}", StringComparison.Ordinal) && line.Contains($"{clinic.Id}", StringComparison.Ordinal));

    /// <summary>The key service does not answer: "hangs", or the code that it answers instead.</summary>
    public void BeginOutage(string how)
    {
        Provider.Hangs = how == Hanging;
        Provider.Fault = Provider.Hangs ? null : new KeyProviderException(KeyProviderFault.Unavailable, how);
    }

    public void EndOutage()
    {
        Provider.Hangs = false;
        Provider.Fault = null;
        Provider.Gate = null;
    }

    public void Refuse() => Provider.Fault = new KeyProviderException(KeyProviderFault.Refused, "DisabledException");

    public ValueTask DisposeAsync() => Api.DisposeAsync();
}

internal static class KeyUses
{
    /// <summary>As if a tenant's first key had sealed so many values already.</summary>
    public static Task<int> CountKeyUseAsync(this NpgsqlConnection dba, TenantId tenant, long values) => dba.ExecuteAsync(
        $"INSERT INTO keys.key_uses (tenant_id, id, key_version, \"values\") VALUES ('{tenant}', '{Guid.CreateVersion7()}', 1, {values})");
}
