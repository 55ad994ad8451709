using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace HipaaTemplate.Platform.Secrets;

/// <summary>
/// Options are bound again when the secret service gave other values, which have been checked, and at no other change
/// of configuration: nobody checks a file that is edited.
/// </summary>
internal sealed class SecretsReload<TOptions>(SecretsConfiguration secrets) : IOptionsChangeTokenSource<TOptions>
{
    public string Name => Options.DefaultName;

    public IChangeToken GetChangeToken() => secrets.GetReloadToken();
}
