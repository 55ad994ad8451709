using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Tests.Harness;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Benchmarks;

/// <summary>
/// Authenticating a request by its access token (RS256, 2048 bits): with the framework's JwtBearer as it comes,
/// and with ours, for a token seen before and for one that is new. Each makes a request of its own, which
/// "an empty request" shows by itself.
/// </summary>
[MemoryDiagnoser]
[Config(typeof(InProcess))]
public class TokenCost
{
    private DefaultBearerApi jwtBearer = null!;
    private ApiHost ours = null!;
    private TokenValidator validator = null!;
    private TokenCache cache = null!;
    private string token = null!;
    private string header = null!;

    [GlobalSetup]
    public async Task StartAsync()
    {
        await App.StartAsync();
        jwtBearer = await DefaultBearerApi.StartAsync(App.Issuer);
        ours = new ApiHost(App.DatabaseUrl, App.Issuer, null, services => services.WithoutLog());
        validator = ours.Services.GetRequiredService<TokenValidator>();
        cache = ours.Services.GetRequiredService<TokenCache>();
        var clinic = await App.NewClinicAsync();
        var later = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        token = App.Issuer.NewToken(clinic.Doctor).With("exp", later).Sign();
        header = "Bearer " + token;
        if (!await JwtBearer() || !await SeenBefore())
        {
            throw new InvalidOperationException("The token is not accepted, so there is nothing to measure.");
        }
    }

    [GlobalCleanup]
    public async Task StopAsync()
    {
        await ours.DisposeAsync();
        await jwtBearer.DisposeAsync();
        await App.StopAsync();
    }

    [Benchmark(Baseline = true, Description = "JwtBearer")]
    public Task<bool> JwtBearer() => AuthenticateAsync(jwtBearer.Services, JwtBearerDefaults.AuthenticationScheme);

    [Benchmark(Description = "ours, seen before")]
    public Task<bool> SeenBefore() => AuthenticateAsync(ours.Services, AccessTokenHandler.Scheme);

    [Benchmark(Description = "ours, new")]
    public Task<bool> New()
    {
        cache.Remove(TokenDigest.Of(token));
        return AuthenticateAsync(ours.Services, AccessTokenHandler.Scheme);
    }

    [Benchmark(Description = "ours, seen before, the check alone")]
    public bool CheckAlone()
    {
        var verdict = validator.ValidateAsync(token, isProven: false, CancellationToken.None);
        return verdict.IsCompletedSuccessfully && verdict.Result.Token is not null;
    }

    [Benchmark(Description = "an empty request")]
    public bool EmptyRequest()
    {
        using var scope = ours.Services.CreateScope();
        return NewRequest(scope.ServiceProvider).Request.Headers.Authorization.Count == 1;
    }

    private async Task<bool> AuthenticateAsync(IServiceProvider services, string scheme)
    {
        using var scope = services.CreateScope();
        return (await NewRequest(scope.ServiceProvider).AuthenticateAsync(scheme)).Succeeded;
    }

    private DefaultHttpContext NewRequest(IServiceProvider services)
    {
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.Headers.Authorization = header;
        return context;
    }

    /// <summary>In this process: a project of its own would have to be restored and built first.</summary>
    private sealed class InProcess : ManualConfig
    {
        public InProcess() => AddJob(Job.Default.WithToolchain(InProcessNoEmitToolchain.Instance));
    }
}
