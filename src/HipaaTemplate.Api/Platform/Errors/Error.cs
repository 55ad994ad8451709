using System.Reflection;

namespace HipaaTemplate.Platform.Errors;

/// <summary>
/// An expected failure. The texts are fixed: they never hold input, row data or an exception's words.
/// </summary>
/// <param name="Code"><c>AAA_nnn</c>, unique for ever; a retired code stays listed.</param>
/// <param name="Status">HTTP status code.</param>
/// <param name="Title">What happened, one sentence.</param>
/// <param name="Remedy">What the caller can do about it, one sentence.</param>
internal sealed record Error(string Code, int Status, string Title, string Remedy)
{
    /// <summary>Seconds after which a retry makes sense; sent as Retry-After.</summary>
    public int? RetryAfterSeconds { get; init; }

    public ProblemResult ToResult() => new(this);

    /// <summary>The errors that a class such as <c>PatientErrors</c> declares as static fields.</summary>
    public static IEnumerable<Error> AllIn(Type declaringClass) => declaringClass
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => field.GetValue(null))
        .OfType<Error>();
}

/// <summary>Answers with an <see cref="Error"/> as problem details.</summary>
internal sealed class ProblemResult(Error error) : IResult, IStatusCodeHttpResult
{
    public int? StatusCode => error.Status;

    public Task ExecuteAsync(HttpContext httpContext) => Problem.WriteAsync(httpContext, error);
}
