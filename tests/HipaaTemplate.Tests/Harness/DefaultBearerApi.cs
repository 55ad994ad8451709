using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// An API with the framework's JwtBearer as it comes: issuer and audience set, and nothing else. What it
/// answers is what the product would answer without checks of its own.
/// </summary>
internal sealed class DefaultBearerApi : IAsyncDisposable
{
    private readonly WebApplication host;

    private DefaultBearerApi(WebApplication host) => this.host = host;

    public Uri Address => new(host.Urls.Single());

    public IServiceProvider Services => host.Services;

    public static async Task<DefaultBearerApi> StartAsync(TestIssuer issuer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
        {
            options.Authority = issuer.Issuer;
            options.RequireHttpsMetadata = false;
            options.Audience = TestIssuer.Audience;
        });
        builder.Services.AddAuthorizationBuilder().AddPolicy("signed in", policy => policy.RequireAuthenticatedUser());
        var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/", () => "ok").RequireAuthorization("signed in");
        await app.StartAsync();
        return new DefaultBearerApi(app);
    }

    public async Task<int> AnswerAsync(string token)
    {
        using var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer " + token);
        using var answer = await client.GetAsync("/");
        return (int)answer.StatusCode;
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();
}
