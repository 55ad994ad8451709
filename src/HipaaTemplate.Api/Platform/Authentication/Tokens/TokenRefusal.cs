using System.Collections.Frozen;
using HipaaTemplate.Platform.Http;

namespace HipaaTemplate.Platform.Authentication.Tokens;

/// <summary>
/// Why a token is refused, for the log; the caller is told one code for all. The order is the order of the
/// checks, cheap ones first. docs/AUTH_CONFIGURATION.md says what to do about each.
/// </summary>
internal enum TokenRefusal
{
    SeveralHeaders,
    TooLarge,
    NotCompact,
    HeaderMalformed,
    HeaderMemberForbidden,
    AlgorithmUnknown,
    KeyIdMalformed,
    PayloadMalformed,
    IssuerMissing,
    IssuerUnknown,
    AlgorithmNotAllowed,
    TypeNotAllowed,
    TimeMalformed,
    ExpiryMissing,
    IssuedAtMissing,
    Expired,
    NotYetValid,
    IssuedInTheFuture,
    LivesTooLong,
    SubjectMissing,
    AudienceWrong,
    ClientWrong,
    ClaimMissing,
    ClaimForbidden,
    IdToken,
    ScopeMissing,
    BindingMalformed,
    BoundButSentAsBearer,
    NotBoundButSentAsDpop,
    DpopNotAccepted,
    DpopRequired,
    KeyUnknown,
    SignatureWrong,
    ProofMissing,
    ProofMalformed,
    ProofOfAnotherKey,
    ProofForAnotherRequest,
    ProofForAnotherToken,
    ProofTooOldOrTooNew,
    ProofSignatureWrong,
    ProofUsedBefore,
    Revoked,
}

internal static class TokenRefusalWords
{
    private static readonly FrozenDictionary<TokenRefusal, string> Words =
        Enum.GetValues<TokenRefusal>().ToFrozenDictionary(refusal => refusal, refusal => EnumWordConverterFactory.WordOf(refusal.ToString()));

    /// <summary>As the log has it: <c>key_unknown</c>.</summary>
    public static string Word(this TokenRefusal refusal) => Words[refusal];
}
