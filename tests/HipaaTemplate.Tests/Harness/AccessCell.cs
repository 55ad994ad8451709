using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Harness;

/// <summary>What the route's id names, as seen from the caller.</summary>
internal enum Target
{
    None,
    Own,
    Colleagues,
    AnotherTenants,
    Absent,
    Malformed,
}

/// <summary>One question of the matrix, and the answer that is right.</summary>
internal sealed record Cell(Route Route, AccessExpectation Expectation, Caller Caller, Target Target)
{
    /// <summary>Null where it is the success that the endpoint promises.</summary>
    public Error? Refusal => Target switch
    {
        // Routing does not know such an address, whoever asks.
        Target.Malformed => RequestErrors.NoSuchRoute,
        _ when Expectation.Roles is null => null,
        _ when Caller.Refusal is { } refusal => refusal,
        // Roles decide before ids: who may not ask does not learn what there is.
        _ when !Caller.HasOneOf(Expectation.Roles) => AuthorizationErrors.Forbidden,
        Target.AnotherTenants or Target.Absent => Expectation.Absent,
        _ => null,
    };

    public int Status => Refusal?.Status ?? Expectation.Status;

    public string? Code => (Refusal ?? Expectation.Failure)?.Code;

    public bool Changes => Refusal is null && Expectation.Changes;

    public override string ToString() => Target == Target.None
        ? $"{Route} by {Caller.Name}"
        : $"{Route} by {Caller.Name}, id {Target}";
}

internal sealed record WrongCell(string Endpoint, string What)
{
    public override string ToString() => What;
}
