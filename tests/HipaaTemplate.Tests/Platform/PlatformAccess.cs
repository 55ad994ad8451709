using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Platform;

/// <summary>The platform's own endpoints hold nobody's data; most of them anybody may ask, with whatever token.</summary>
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
        new("GET /api/v1/auth/me", 200, Roles.All),
        new("GET /api/v1/me", 200, Roles.All),
        new("POST /api/v1/auth/revocations", 204, [Roles.Admin])
        {
            Body = text => new { subject = text },
            ChangesNoRow = true,
        },
        // No caller's token counts there, only a logout token in a form.
        new("POST /api/v1/auth/backchannel-logout", 415, Roles: null) { Failure = RequestErrors.UnsupportedMediaType },
    ];

    private static AccessExpectation Anybody(string endpoint) => new(endpoint, 200, Roles: null);
}
