using HipaaTemplate.Tests.Harness.Aws;

namespace HipaaTemplate.Tests.Platform.Protection.Providers.Aws;

internal sealed class AwsKmsContractTests : KeyServiceContract
{
    protected override async Task<KeyServiceStage> StartServiceAsync() => await AwsKmsStage.StartAsync();
}
