using HipaaTemplate.Tests.Harness.Akeyless;

namespace HipaaTemplate.Tests.Platform.Protection.Providers;

/// <summary>Akeyless.</summary>
internal sealed class AkeylessContractTests : KeyServiceContract
{
    protected override Task<KeyServiceStage> StartServiceAsync() => AkeylessStage.StartAsync();
}
