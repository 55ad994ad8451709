using HipaaTemplate.Platform.Protection.Providers;

namespace HipaaTemplate.Tests.Harness;

/// <summary>Where a key provider is tested: the provider, and two keys that it may wrap with.</summary>
internal abstract class KeyProviderStage : IAsyncDisposable
{
    /// <summary>As KEY_ID takes it.</summary>
    public abstract string KeyId { get; }

    public abstract string OtherKeyId { get; }

    /// <summary>Credentials and whatever else must never stand in a text.</summary>
    public abstract IReadOnlyList<string> Secrets { get; }

    /// <param name="settings">By environment name, on top of the stage's own.</param>
    public abstract IKeyProvider NewProvider(IReadOnlyDictionary<string, string>? settings = null);

    public abstract ValueTask DisposeAsync();
}

/// <summary>A key service to be tested: the double, how to break it, and providers that speak with it.</summary>
internal abstract class KeyServiceStage : KeyProviderStage
{
    /// <summary>Calls that reached the service.</summary>
    public abstract int Calls { get; }

    /// <summary>What goes wrong with every call until told otherwise; null: works again.</summary>
    public abstract void Fail(KeyServiceFault? fault);

    /// <param name="keyId">One of <see cref="KeyProviderStage.KeyId"/> and <see cref="KeyProviderStage.OtherKeyId"/>.</param>
    public abstract void SetKey(string keyId, KeyState state);

    /// <summary>A new version of the key inside the service.</summary>
    public abstract void RotateKey(string keyId);
}

internal enum KeyServiceFault
{
    Throttled,
    ServerError,

    /// <summary>The connection ends before there is an answer.</summary>
    Reset,

    /// <summary>The connection ends in the middle of the answer.</summary>
    ResetMidBody,

    /// <summary>No answer at all, for as long as the caller waits.</summary>
    Hang,

    /// <summary>A page, with the status of a good answer.</summary>
    NotJson,

    /// <summary>The answer says that another key was used.</summary>
    WrongKeyId,

    /// <summary>The answer holds a key of 31 bytes.</summary>
    ShortKey,

    /// <summary>Nobody listens.</summary>
    Down,
}

internal enum KeyState
{
    Enabled,
    Disabled,
    PendingDeletion,

    /// <summary>The key is there, but this caller may not use it.</summary>
    Denied,
}
