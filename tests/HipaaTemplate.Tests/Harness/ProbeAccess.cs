using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Harness;

/// <summary>Who may do what with probes. <see cref="Policies"/> is not asked: this is what it is compared with.</summary>
internal sealed class ProbeAccess : IAccessExpectations
{
    public static readonly Collection Rows = new(ProbeFeature.Path, text => new { text });

    private static readonly string[] Staff = [Roles.Doctor, Roles.Admin];

    public IEnumerable<AccessExpectation> Expectations =>
    [
        new("POST /api/v1/probes", 201, Staff) { Body = Rows.NewBody },
        new("GET /api/v1/probes", 200, Staff) { Rows = Rows },
        new("GET /api/v1/probes/{id}", 200, Staff) { Rows = Rows, Absent = ProbeFeature.NotFound },
        new("PUT /api/v1/probes/{id}", 200, Staff)
        {
            Rows = Rows, Absent = ProbeFeature.NotFound, Body = Rows.NewBody,
        },
        new("DELETE /api/v1/probes/{id}", 204, [Roles.Admin]) { Rows = Rows, Absent = ProbeFeature.NotFound },
        new("GET /api/v1/probes/pages", 200, Staff) { Rows = Rows },
        new("GET /api/v1/probes/{id}/pages", 200, Staff) { Rows = Rows, Absent = ProbeFeature.NotFound },
        new("POST /api/v1/probes/throw", 500, Staff) { Failure = RequestErrors.Unexpected, Body = Rows.NewBody },
        new("GET /api/v1/probes/slow", 504, Staff)
        {
            Failure = RequestErrors.TimedOut,
            Reached = api => api.Services.GetRequiredService<SlowProbes>().Begun.WaitAsync(),
        },
    ];
}
