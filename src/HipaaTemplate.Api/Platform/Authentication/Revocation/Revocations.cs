using System.Collections.Immutable;
using System.Runtime.InteropServices;
using HipaaTemplate.Platform.Authentication.Tokens;

namespace HipaaTemplate.Platform.Authentication.Revocation;

/// <summary>The deny list at one moment. It does not change; adding gives another one.</summary>
internal sealed class Revocations
{
    public static readonly Revocations None = new(ImmutableDictionary<Key, ImmutableArray<Line>>.Empty, null, default);

    private readonly ImmutableDictionary<Key, ImmutableArray<Line>> lines;

    private Revocations(
        ImmutableDictionary<Key, ImmutableArray<Line>> lines, DateTimeOffset? newest, DateTimeOffset completeSince)
    {
        this.lines = lines;
        Newest = newest;
        CompleteSince = completeSince;
    }

    /// <summary>The latest time of recording seen; null when nothing was.</summary>
    public DateTimeOffset? Newest { get; }

    /// <summary>When the whole table was read last.</summary>
    public DateTimeOffset CompleteSince { get; }

    public static Revocations Of(IEnumerable<RevokedTokens> rows, DateTimeOffset at) =>
        new Revocations(None.lines, null, at).With(rows);

    public Revocations With(IEnumerable<RevokedTokens> rows)
    {
        var builder = lines.ToBuilder();
        var newest = Newest;
        foreach (var row in rows)
        {
            var key = new Key(row.Issuer, row.Kind, row.Value);
            builder[key] = Add(builder.GetValueOrDefault(key, []), new Line(row.WithinTenant, row.IssuedUntil.ToUnixTimeSeconds()));
            newest = newest is null || row.RecordedAt > newest ? row.RecordedAt : newest;
        }

        return new Revocations(builder.ToImmutable(), newest, CompleteSince);
    }

    /// <summary>Whether the token is meant.</summary>
    public bool Revoke(AccessToken token)
    {
        if (lines.IsEmpty)
        {
            return false;
        }

        var issuer = token.Issuer.Registration.Issuer;
        // A session that has ended has none to come, however its issuer's clocks may differ.
        return Hits(new Key(issuer, RevocationKind.Subject, token.Subject), token, token.Times.Issued)
            || (token.SessionId is { } session
                ? Hits(new Key(issuer, RevocationKind.Session, session), token, issuedAt: null)
                : Hits(new Key(issuer, RevocationKind.SubjectWithoutSession, token.Subject), token, token.Times.Issued));
    }

    /// <summary>One line a tenant: the latest says all that the others say, however often somebody is signed out.</summary>
    private static ImmutableArray<Line> Add(ImmutableArray<Line> known, Line line)
    {
        for (var i = 0; i < known.Length; i++)
        {
            if (known[i].WithinTenant == line.WithinTenant)
            {
                return line.IssuedUntil > known[i].IssuedUntil ? known.SetItem(i, line) : known;
            }
        }

        return known.Add(line);
    }

    /// <param name="key">Of the lines that may mean the token.</param>
    /// <param name="token">Whose tenant counts.</param>
    /// <param name="issuedAt">Null when it does not matter.</param>
    private bool Hits(Key key, AccessToken token, long? issuedAt)
    {
        if (!lines.TryGetValue(key, out var found))
        {
            return false;
        }

        foreach (var line in found)
        {
            if ((line.WithinTenant is null || (token.Tenant.Id.IsSet && line.WithinTenant == token.Tenant.Id.Value))
                && (issuedAt is not { } issued || issued <= line.IssuedUntil))
            {
                return true;
            }
        }

        return false;
    }

    private readonly record struct Key(string Issuer, RevocationKind Kind, string Value);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Line(Guid? WithinTenant, long IssuedUntil);
}
