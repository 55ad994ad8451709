namespace HipaaTemplate.Platform.Errors;

/// <summary>What can be wrong with the shape of a request, before any feature sees it.</summary>
internal static class RequestErrors
{
    public static readonly Error Malformed = new(
        "REQ_001", StatusCodes.Status400BadRequest,
        "The request could not be read.",
        "Check the JSON syntax, the names and types of the members, and the query parameters.");

    public static readonly Error Invalid = new(
        "REQ_002", StatusCodes.Status400BadRequest,
        "The request has invalid values.",
        "Correct the members named under errors.");

    public static readonly Error NoSuchRoute = new(
        "REQ_003", StatusCodes.Status404NotFound,
        "There is nothing at this address.",
        "Compare the path with /openapi.json; ids are UUIDs.");

    public static readonly Error MethodNotAllowed = new(
        "REQ_004", StatusCodes.Status405MethodNotAllowed,
        "This address does not take this method.",
        "Use a method named in the Allow header.");

    public static readonly Error TooLarge = new(
        "REQ_005", StatusCodes.Status413PayloadTooLarge,
        "The request body is too large.",
        "Send at most 1 MiB.");

    public static readonly Error UnsupportedMediaType = new(
        "REQ_006", StatusCodes.Status415UnsupportedMediaType,
        "The request body has a media type that is not accepted here.",
        "Send Content-Type: application/json, in UTF-8.");

    public static readonly Error TimedOut = new(
        "REQ_007", StatusCodes.Status504GatewayTimeout,
        "The request took too long and was given up.",
        "Retry later; a change may or may not have been made.")
    { RetryAfterSeconds = 5 };

    public static readonly Error PreconditionRequired = new(
        "REQ_008", StatusCodes.Status428PreconditionRequired,
        "Changing or deleting this needs an If-Match header.",
        "Read it first and send its ETag as If-Match.");

    public static readonly Error PreconditionFailed = new(
        "REQ_009", StatusCodes.Status412PreconditionFailed,
        "It was changed since you read it.",
        "Read it again, apply your change and send the new ETag as If-Match.");

    public static readonly Error Unexpected = new(
        "REQ_010", StatusCodes.Status500InternalServerError,
        "Something went wrong on our side.",
        "Report the request_id to the operator.");

    public static readonly Error HeadersTooLarge = new(
        "REQ_011", StatusCodes.Status431RequestHeaderFieldsTooLarge,
        "The request headers are too large.",
        "Send at most 16 KiB of headers. The server ends such a connection before it can write a "
        + "body, so this code is known by its status alone.");

    public static readonly Error InvalidCursor = new(
        "REQ_012", StatusCodes.Status400BadRequest,
        "The cursor is not one of ours.",
        "Send next_cursor of the page before, unchanged, or none for the first page.");

    public static readonly Error SlowBody = new(
        "REQ_013", StatusCodes.Status408RequestTimeout,
        "The request body arrived too slowly.",
        "Retry over a better connection.");

    /// <summary>The error that stands for a bare status code, as the framework sets it.</summary>
    public static Error ForStatus(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => Authentication.AuthenticationErrors.NoToken,
        StatusCodes.Status403Forbidden => Authorization.AuthorizationErrors.Forbidden,
        StatusCodes.Status404NotFound => NoSuchRoute,
        StatusCodes.Status405MethodNotAllowed => MethodNotAllowed,
        StatusCodes.Status408RequestTimeout => SlowBody,
        StatusCodes.Status413PayloadTooLarge => TooLarge,
        StatusCodes.Status415UnsupportedMediaType => UnsupportedMediaType,
        StatusCodes.Status431RequestHeaderFieldsTooLarge => HeadersTooLarge,
        StatusCodes.Status504GatewayTimeout => TimedOut,
        // A bare status that no error stands for: the status is true, the code says the least.
        >= 400 and < 500 => Malformed with { Status = status },
        _ => Unexpected,
    };
}
