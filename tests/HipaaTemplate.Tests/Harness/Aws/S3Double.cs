using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace HipaaTemplate.Tests.Harness.Aws;

internal sealed record S3Answer(int Status, byte[] Body);

/// <summary>
/// Amazon S3 as far as anchors need it: versioned buckets, some with object lock, whose locked versions can be neither
/// removed nor unlocked, whoever asks (S3 User Guide, "Locking objects with Object Lock"; API Reference).
/// </summary>
internal sealed class S3Double(TimeProvider time)
{
    private static readonly XNamespace Xml = "http://s3.amazonaws.com/doc/2006-03-01/";

    private readonly Dictionary<string, Bucket> buckets = [];
    private readonly Lock gate = new();
    private long clock;

    /// <summary>Of a list; S3's is 1,000.</summary>
    public int PageSize { get; set; } = 3;

    public void NewBucket(string name, bool hasLock) => buckets[name] = new Bucket(hasLock);

    /// <summary>All versions that are stored, oldest first.</summary>
    public IReadOnlyList<S3Version> VersionsOf(string bucket)
    {
        lock (gate)
        {
            return [.. buckets[bucket].Versions];
        }
    }

    public S3Answer Handle(WireRequest request)
    {
        lock (gate)
        {
            var parts = request.Path.TrimStart('/').Split('/', 2);
            var query = request.Query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2))
                .ToDictionary(pair => pair[0], pair => pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : "");
            var bucket = buckets.GetValueOrDefault(parts[0]) ?? throw new AwsRefusal("NoSuchBucket", "", StatusCodes.Status404NotFound);
            var key = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "";
            return (request.Method, key) switch
            {
                ("GET", "") when query.ContainsKey("object-lock") => LockOf(bucket),
                ("GET", "") when query.ContainsKey("versions") => List(bucket, query),
                ("GET", _) => Get(bucket, key, query),
                ("PUT", _) when query.ContainsKey("retention") => SetRetention(bucket, key, query, request),
                ("PUT", _) => Put(bucket, key, request),
                ("DELETE", _) => Delete(bucket, key, query),
                _ => throw new AwsRefusal("NotImplemented", "", StatusCodes.Status501NotImplemented),
            };
        }
    }

    public static byte[] Error(AwsRefusal refusal) => Bytes(new XElement("Error", new XElement("Code", refusal.Type), new XElement("Message", refusal.Message)));

    private static S3Answer LockOf(Bucket bucket) => bucket.HasLock
        ? Ok(new XElement(Xml + "ObjectLockConfiguration", new XElement(Xml + "ObjectLockEnabled", "Enabled")))
        : throw new AwsRefusal("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket", StatusCodes.Status404NotFound);

    private S3Answer Put(Bucket bucket, string key, WireRequest request)
    {
        var stated = request.Header("x-amz-checksum-sha256");
        if (stated is not null && stated != Convert.ToBase64String(SHA256.HashData(request.Body)))
        {
            throw new AwsRefusal("BadDigest", "The SHA256 you specified did not match the calculated checksum.");
        }

        DateTimeOffset? until = null;
        if (request.Header("x-amz-object-lock-mode") is { } mode)
        {
            if (!bucket.HasLock)
            {
                throw new AwsRefusal("InvalidRequest", "Bucket is missing Object Lock Configuration");
            }

            if (stated is null && request.Header("Content-MD5") is null)
            {
                throw new AwsRefusal("InvalidRequest", "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters");
            }

            until = DateTimeOffset.Parse(request.Header("x-amz-object-lock-retain-until-date")!, CultureInfo.InvariantCulture);
            if (mode != "COMPLIANCE" || until <= time.GetUtcNow())
            {
                throw new AwsRefusal("InvalidArgument", "The retain until date must be in the future!");
            }
        }

        if (request.Header("If-None-Match") is { } match
            && (match == "*" ? bucket.Current(key) is not null : throw new AwsRefusal("NotImplemented", "", StatusCodes.Status501NotImplemented)))
        {
            throw new AwsRefusal("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", StatusCodes.Status412PreconditionFailed);
        }

        bucket.Versions.Add(new S3Version(key, NewId(), request.Body, until, time.GetUtcNow()));
        return new S3Answer(StatusCodes.Status200OK, []);
    }

    private static S3Answer Get(Bucket bucket, string key, Dictionary<string, string> query)
    {
        var found = query.TryGetValue("versionId", out var id) ? bucket.Versions.Find(version => version.Key == key && version.Id == id) : bucket.Current(key);
        return found is { Content: { } content }
            ? new S3Answer(StatusCodes.Status200OK, content)
            : throw new AwsRefusal("NoSuchKey", "", StatusCodes.Status404NotFound);
    }

    private S3Answer Delete(Bucket bucket, string key, Dictionary<string, string> query)
    {
        if (!query.TryGetValue("versionId", out var id))
        {
            bucket.Versions.Add(new S3Version(key, NewId(), Content: null, LockedUntil: null, time.GetUtcNow()));
        }
        else if (bucket.Versions.Find(version => version.Key == key && version.Id == id) is { } found)
        {
            RefuseWhileLocked(found);
            bucket.Versions.Remove(found);
        }

        return new S3Answer(StatusCodes.Status204NoContent, []);
    }

    private S3Answer SetRetention(Bucket bucket, string key, Dictionary<string, string> query, WireRequest request)
    {
        var found = bucket.Versions.FindLast(version => version.Key == key && (!query.TryGetValue("versionId", out var id) || version.Id == id))!;
        var until = DateTimeOffset.Parse(
            XElement.Parse(Encoding.UTF8.GetString(request.Body)).Descendants().Single(element => element.Name.LocalName == "RetainUntilDate").Value, CultureInfo.InvariantCulture);
        if (until < found.LockedUntil)
        {
            RefuseWhileLocked(found);
        }

        bucket.Versions[bucket.Versions.IndexOf(found)] = found with { LockedUntil = until };
        return new S3Answer(StatusCodes.Status200OK, []);
    }

    /// <summary>By key, and of one key the newest first.</summary>
    private S3Answer List(Bucket bucket, Dictionary<string, string> query)
    {
        var (prefix, keyMarker, idMarker) = (query.GetValueOrDefault("prefix", ""), query.GetValueOrDefault("key-marker", ""), query.GetValueOrDefault("version-id-marker", ""));
        var all = bucket.Versions.Where(version => version.Key.StartsWith(prefix, StringComparison.Ordinal))
            .OrderBy(version => version.Key, StringComparer.Ordinal).ThenByDescending(version => version.Id, StringComparer.Ordinal)
            .Where(version => string.CompareOrdinal(version.Key, keyMarker) is var order
                && (order > 0 || (order == 0 && idMarker.Length > 0 && string.CompareOrdinal(version.Id, idMarker) < 0)))
            .ToList();
        var page = all[..Math.Min(PageSize, all.Count)];
        var isTruncated = all.Count > page.Count;
        return Ok(new XElement(
            Xml + "ListVersionsResult",
            new XElement(Xml + "Prefix", prefix),
            new XElement(Xml + "IsTruncated", isTruncated),
            isTruncated ? new XElement(Xml + "NextKeyMarker", page[^1].Key) : null,
            isTruncated ? new XElement(Xml + "NextVersionIdMarker", page[^1].Id) : null,
            page.Select(version => new XElement(
                Xml + (version.Content is null ? "DeleteMarker" : "Version"),
                new XElement(Xml + "Key", version.Key),
                new XElement(Xml + "VersionId", version.Id),
                new XElement(Xml + "IsLatest", bucket.Versions.FindLast(other => other.Key == version.Key) == version),
                new XElement(Xml + "LastModified", version.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)),
                version.Content is null ? null : new XElement(Xml + "Size", version.Content.Length)))));
    }

    private void RefuseWhileLocked(S3Version version)
    {
        if (version.LockedUntil > time.GetUtcNow())
        {
            throw new AwsRefusal("AccessDenied", "Access Denied because object protected by object lock.", StatusCodes.Status403Forbidden);
        }
    }

    private string NewId() => $"v{++clock:D12}";

    private static S3Answer Ok(XElement answer) => new(StatusCodes.Status200OK, Bytes(answer));

    private static byte[] Bytes(XElement answer) => Encoding.UTF8.GetBytes(answer.ToString(SaveOptions.DisableFormatting));

    private sealed record Bucket(bool HasLock)
    {
        public List<S3Version> Versions { get; } = [];

        public S3Version? Current(string key) => Versions.FindLast(version => version.Key == key) is { Content: not null } version ? version : null;
    }
}

/// <param name="Content">Null: it hides the versions before it.</param>
internal sealed record S3Version(string Key, string Id, byte[]? Content, DateTimeOffset? LockedUntil, DateTimeOffset At);
