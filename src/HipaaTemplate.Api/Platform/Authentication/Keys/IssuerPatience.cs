namespace HipaaTemplate.Platform.Authentication.Keys;

/// <param name="Wait">How long a request waits for an issuer to answer. The reading goes on without it.</param>
internal sealed record IssuerPatience(TimeSpan Wait)
{
    public static readonly IssuerPatience OfRequests = new(TimeSpan.FromSeconds(2));
}
