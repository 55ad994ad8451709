using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Secrets.Services;

namespace HipaaTemplate.Platform.Secrets.Vault;

/// <summary>What Vault's refusals mean. Its text is compared and not repeated: it quotes paths and names.</summary>
internal static class VaultFailures
{
    /// <summary>Parts of what transit says, from the source of Vault: builtin/logical/transit, sdk/helper/keysutil.</summary>
    private static readonly (string Text, ServiceFault Fault, string Reason)[] Known =
    [
        // Some releases answer this one with 500.
        ("message authentication failed", ServiceFault.NotAuthentic, "ciphertext_not_authentic"),
        ("invalid ciphertext", ServiceFault.NotAuthentic, "ciphertext_not_valid"),
        ("disallowed by policy (too old)", ServiceFault.Refused, "key_version_below_minimum"),
        ("no such key version", ServiceFault.Refused, "key_version_gone"),
        ("encryption key not found", ServiceFault.Refused, "key_not_found"),
        ("missing 'context' for key derivation", ServiceFault.Refused, "key_is_derived"),
        ("for non-AEAD cipher suite", ServiceFault.Refused, "key_type_without_associated_data"),
        ("not supported for key type", ServiceFault.Refused, "key_type_without_associated_data"),
        ("invalid role or secret ID", ServiceFault.Refused, "login_refused"),
    ];

    /// <exception cref="ServiceException">The answer is none, or is a refusal.</exception>
    public static void ThrowIfFailed(ServiceAnswer answer)
    {
        if (answer is { Status: 200, IsObject: true } or { Status: 204 })
        {
            return;
        }

        foreach (var (text, fault, reason) in Known)
        {
            if (Texts(answer).Any(said => said.Contains(text, StringComparison.Ordinal)))
            {
                throw new ServiceException(fault, reason);
            }
        }

        // Vault API, /sys/health and errors: 412 is a node that has not caught up, 429 a quota, 472 and 473 are
        // standbys, 501 and 503 one that is not initialized or sealed. A standby may redirect to the active node.
        throw answer.Status switch
        {
            // Whoever stands between.
            200 => new ServiceException(ServiceFault.Unavailable, "answer_is_no_json"),
            400 => new ServiceException(ServiceFault.Refused, "bad_request"),
            403 => new ServiceException(ServiceFault.Refused, "permission_denied"),
            404 => new ServiceException(ServiceFault.Refused, "not_found"),
            412 or 429 or 472 or 473 or >= 500 or < 400 => new ServiceException(ServiceFault.Unavailable, $"status_{answer.Status}"),
            _ => new ServiceException(ServiceFault.Refused, $"status_{answer.Status}"),
        };
    }

    private static IEnumerable<string> Texts(ServiceAnswer answer) =>
        answer.At("errors") is { ValueKind: JsonValueKind.Array } errors ? errors.Strings() : [];
}
