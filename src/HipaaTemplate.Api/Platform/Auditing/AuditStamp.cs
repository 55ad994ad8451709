using System.Security.Cryptography;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Protection.Keys;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>Gives an event its number, its time, its MAC and its leaf.</summary>
internal static class AuditStamp
{
    public static StampedEntry Stamp(AuditDraft draft, AuditNumbers numbers)
    {
        var (number, at, untold) = numbers.Next(draft.Tenant);
        var (facts, actor) = (draft.Facts, draft.Facts.Actor);
        var entry = new AuditEntry
        {
            Tenant = draft.Tenant,
            Id = Guid.CreateVersion7(at),
            At = at,
            Writer = numbers.Writer,
            Number = number,
            Void = untold,
            Action = facts.Action.Word(),
            Outcome = facts.Outcome.Word(),
            Code = facts.Code,
            ActorType = actor.Type.Word(),
            Actor = actor.Id,
            Session = actor.Session,
            Address = actor.Address,
            Purpose = actor.Purpose,
            Endpoint = actor.Endpoint,
            Request = actor.Request,
            Trace = actor.Trace,
            Detail = facts.Detail,
            Patients = facts.Patients,
            Records = facts.Records,
            KeyVersion = draft.KeyVersion,
        };
        Span<byte> monthKey = stackalloc byte[SecretKey.Length];
        AuditEncoding.DeriveMonthKey(draft.AuditKey, at, monthKey);
        var encoded = AuditEncoding.Encode(entry);
        var mac = AuditEncoding.Mac(monthKey, encoded);
        CryptographicOperations.ZeroMemory(monthKey);
        var leafHash = new byte[MerkleHash.Length];
        MerkleHash.Leaf([.. encoded, .. mac], leafHash);
        return new StampedEntry(entry, mac, leafHash);
    }
}
