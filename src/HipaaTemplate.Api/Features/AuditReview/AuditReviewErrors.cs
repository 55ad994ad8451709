using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Features.AuditReview;

internal static class AuditReviewErrors
{
    public static readonly Error AlertNotFound = new(
        "AUD_010", StatusCodes.Status404NotFound,
        "Alert not found.",
        "Check the id; an alert of another tenant is not found either.");

    public static readonly Error AboutOneself = new(
        "AUD_011", StatusCodes.Status403Forbidden,
        "Nobody signs off an alert about himself.",
        "Leave it to another reviewer.");

    public static readonly Error SignedOffAlready = new(
        "AUD_012", StatusCodes.Status409Conflict,
        "The alert was signed off already.",
        "Read it again; what was concluded stays.");

    public static readonly Error NotWatched = new(
        "AUD_013", StatusCodes.Status404NotFound,
        "This patient is not watched.",
        "Compare the id with the list.");
}
