namespace HipaaTemplate.Platform.Errors;

/// <summary>
/// Gives a code to the problems that the framework makes itself: validation failures, failed
/// binding, bare status codes. The framework's own writer leaves the body empty when the caller's
/// Accept header names no JSON; this one always writes.
/// </summary>
internal sealed class ProblemWriter : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true;

    public ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var writing = context.ProblemDetails is HttpValidationProblemDetails validation
            ? Problem.WriteAsync(context.HttpContext, RequestErrors.Invalid, validation.Errors)
            : Problem.WriteAsync(
                context.HttpContext,
                RequestErrors.ForStatus(context.HttpContext.Response.StatusCode));
        return new ValueTask(writing);
    }
}
