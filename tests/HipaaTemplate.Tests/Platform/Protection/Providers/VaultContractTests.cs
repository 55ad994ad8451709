using HipaaTemplate.Tests.Harness.Vault;

namespace HipaaTemplate.Tests.Platform.Protection.Providers;

/// <summary>HashiCorp Vault, transit.</summary>
internal sealed class VaultContractTests : KeyServiceContract
{
    protected override Task<KeyServiceStage> StartServiceAsync() => VaultStage.StartAsync();
}
