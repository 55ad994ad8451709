using System.Text.Json;
using System.Text.RegularExpressions;
using HipaaTemplate.Platform.Commands;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>No container engine runs these files here, so what they name is checked against what there is.</summary>
internal sealed partial class DeploymentFileTests
{
    [Test]
    public void Railway_migrates_with_a_verb_and_probes_an_endpoint_that_exist()
    {
        var deploy = JsonSerializer.Deserialize<JsonElement>(SourceTree.Read("railway.json")).GetProperty("deploy");
        var words = deploy.GetProperty("preDeployCommand")[0].GetString()!.Split(' ');
        var paths = App.Api.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .OfType<RouteEndpoint>().Select(endpoint => endpoint.RoutePattern.RawText);
        Assert.Multiple(() =>
        {
            Assert.That(words, Is.EqualTo(new[] { "dotnet", "HipaaTemplate.Api.dll", "migrate", "up" }));
            Assert.That(paths, Does.Contain(deploy.GetProperty("healthcheckPath").GetString()));
        });
    }

    [Test]
    public void The_image_copies_files_that_exist_runs_without_rights_and_asks_itself()
    {
        var dockerfile = SourceTree.Read("Dockerfile");
        var copied = CopyPattern().Matches(dockerfile)
            .SelectMany(match => match.Groups["sources"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToList();
        var verbs = App.Api.Services.GetServices<ICommand>().Select(command => command.Name);
        Assert.Multiple(() =>
        {
            Assert.That(copied, Is.Not.Empty);
            Assert.That(copied.Where(path => !Path.Exists(Repository.PathOf(path))), Is.Empty);
            Assert.That(dockerfile, Does.Contain("\nUSER $APP_UID\n"));
            Assert.That(dockerfile, Does.Contain("CMD [\"dotnet\", \"HipaaTemplate.Api.dll\", \"healthcheck\"]"));
            Assert.That(verbs, Does.Contain("healthcheck"));
        });
    }

    /// <summary>COPY from the build context: sources, then the place in the image.</summary>
    [GeneratedRegex(@"^COPY (?!--from)(?<sources>.+) \S+$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CopyPattern();
}
