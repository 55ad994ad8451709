namespace HipaaTemplate.Tests.Platform;

/// <summary>The platform's own endpoints hold nobody's data; anybody may ask, with whatever token.</summary>
internal sealed class PlatformAccess : IAccessExpectations
{
    public IEnumerable<AccessExpectation> Expectations =>
    [
        Anybody("GET /"),
        Anybody("GET /health"),
        Anybody("GET /healthz"),
        Anybody("GET /api/v1/health/live"),
        Anybody("GET /api/v1/health/ready"),
        Anybody("GET /api/v1/errors"),
        Anybody("GET /openapi.json"),
    ];

    private static AccessExpectation Anybody(string endpoint) => new(endpoint, 200, Roles: null);
}
