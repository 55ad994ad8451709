using Microsoft.Playwright;

namespace HipaaTemplate.Tests.Harness;

/// <summary>The browser of the distribution, which ./test installs and names in CHROMIUM.</summary>
internal static class Chromium
{
    public static BrowserTypeLaunchOptions LaunchOptions()
    {
        var path = Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } given
            ? given
            : "/usr/bin/chromium";
        Assert.That(path, Does.Exist, "Run ./test once, which installs chromium, or set CHROMIUM to a browser.");
        return new BrowserTypeLaunchOptions
        {
            ExecutablePath = path,
            // No sandbox: it cannot be had as root in a container. The rest keeps it from calling home.
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
        };
    }
}
