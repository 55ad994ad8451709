using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// What a feature's endpoints answer to whom, written by hand beside the feature's tests. Found by
/// reflection; an endpoint that no such class speaks of fails the suite.
/// </summary>
internal interface IAccessExpectations
{
    IEnumerable<AccessExpectation> Expectations { get; }
}

/// <summary>What the access matrix wants to know of one endpoint.</summary>
/// <param name="Endpoint">As the endpoint table has it: "GET /api/v1/probes/{id}".</param>
/// <param name="Status">What it answers those who may, when the row is their tenant's.</param>
/// <param name="Roles">Those who may; null when nobody needs a token.</param>
internal sealed record AccessExpectation(string Endpoint, int Status, string[]? Roles)
{
    /// <summary>The error behind <see cref="Status"/> where that is none of success.</summary>
    public Error? Failure { get; init; }

    /// <summary>
    /// How the rows come to be that its {id} names or that it lists; null when it does neither. An
    /// answer to GET must show such a row.
    /// </summary>
    public Collection? Rows { get; init; }

    /// <summary>What it says of an id that names no row; null for a route without id.</summary>
    public Error? Absent { get; init; }

    /// <summary>It answers every id alike, whether or not it names a row.</summary>
    public bool TakesAnyId { get; init; }

    /// <summary>A valid body with the text in it; null when it takes none.</summary>
    public Func<string, object>? Body { get; init; }

    public string? IfMatch { get; init; }

    /// <summary>Completes when a request has reached the handler, for an endpoint that does not answer in a test's time.</summary>
    public Func<ApiHost, Task>? Reached { get; init; }

    public string Method => Endpoint.Split(' ')[0];

    /// <summary>What it changes is in no tenant's table.</summary>
    public bool ChangesNoRow { get; init; }

    public bool Changes => Method != "GET" && Status < 300 && !ChangesNoRow;
}

internal static class AccessExpectations
{
    public static IReadOnlyList<AccessExpectation> All { get; } =
    [
        .. typeof(AccessExpectations).Assembly.GetTypes()
            .Where(type => typeof(IAccessExpectations).IsAssignableFrom(type) && type is { IsAbstract: false })
            .SelectMany(type => ((IAccessExpectations)Activator.CreateInstance(type)!).Expectations),
    ];
}
