using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection.Providers;

/// <summary>
/// The provider that wraps new keys, and the one that wrapped an old one: while a deployment moves from one to
/// another the settings of both are there.
/// </summary>
internal sealed class KeyProviders(IServiceProvider services, IOptions<KeyProviderSettings> settings)
{
    public IKeyProvider Current => Find(settings.Value.Name);

    /// <exception cref="KeyProviderException">There is no such provider, or its settings are not there.</exception>
    public IKeyProvider Find(string name)
    {
        try
        {
            return services.GetKeyedService<IKeyProvider>(name)
                ?? throw new KeyProviderException(KeyProviderFault.Refused, "there is no provider of this name");
        }
        catch (OptionsValidationException e)
        {
            throw new KeyProviderException(KeyProviderFault.Refused, $"the settings of {name} are not complete", e);
        }
    }
}
