using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using HipaaTemplate.Platform.Aws;

namespace HipaaTemplate.Platform.Auditing.Sealing.Anchors;

/// <summary>
/// Objects of a bucket with object lock, each locked in compliance mode: nobody can remove or change one before its time,
/// not even the account's root user. A delete only hides it, so versions are listed, not objects.
/// </summary>
/// <param name="credentials">Null: as the SDK finds them.</param>
internal sealed class S3AnchorPlace(AuditSettings settings, AwsSettings aws, TimeProvider time, AWSCredentials? credentials = null)
    : IAnchorPlace, IDisposable
{
    /// <summary>An anchor may have 64 MiB.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly AmazonS3Client s3 = credentials is null ? new(Configured(aws)) : new(credentials, Configured(aws));

    public async Task CheckAsync(CancellationToken ct)
    {
        GetObjectLockConfigurationRequest request = new() { BucketName = settings.AnchorBucket };
        try
        {
            var answer = await AskAsync(token => s3.GetObjectLockConfigurationAsync(request, token), ct);
            if (answer.ObjectLockConfiguration?.ObjectLockEnabled == ObjectLockEnabled.Enabled)
            {
                return;
            }
        }
        catch (AnchorPlaceException e) when (e.InnerException is AmazonS3Exception { ErrorCode: "ObjectLockConfigurationNotFoundError" })
        {
        }

        throw NotLocked();
    }

    public async IAsyncEnumerable<string> ListAsync(string after, [EnumeratorCancellation] CancellationToken ct)
    {
        var prefix = settings.AnchorPrefix;
        ListVersionsRequest request = new() { BucketName = settings.AnchorBucket, Prefix = prefix, KeyMarker = prefix + after };
        string? before = null;
        while (true)
        {
            var page = await AskAsync(token => s3.ListVersionsAsync(request, token), ct);
            foreach (var version in (page.Versions ?? []).Where(version => version.IsDeleteMarker is not true && version.Key != before))
            {
                before = version.Key;
                yield return version.Key[prefix.Length..];
            }

            if (page.IsTruncated is not true)
            {
                yield break;
            }

            (request.KeyMarker, request.VersionIdMarker) = (page.NextKeyMarker, page.NextVersionIdMarker);
        }
    }

    public async Task PutAsync(string name, byte[] content, CancellationToken ct)
    {
        using var body = new MemoryStream(content, writable: false);
        PutObjectRequest request = new()
        {
            BucketName = settings.AnchorBucket,
            Key = settings.AnchorPrefix + name,
            InputStream = body,
            ContentType = "application/x-ndjson",
            // Never in another one's place. With object lock S3 wants a checksum of the caller's as well.
            IfNoneMatch = "*",
            ChecksumSHA256 = Convert.ToBase64String(SHA256.HashData(content)),
            UseChunkEncoding = false,
            DisablePayloadSigning = false,
            ObjectLockMode = ObjectLockMode.Compliance,
            ObjectLockRetainUntilDate = time.GetUtcNow().AddYears(settings.AnchorRetentionYears).UtcDateTime,
        };
        try
        {
            await AskAsync(token => s3.PutObjectAsync(request, token), ct);
        }
        catch (AnchorPlaceException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict })
        {
            // The attempt before was stored, and its answer was lost.
            var there = await FirstAsync(request.Key, ct);
            if (!there.AsSpan().SequenceEqual(content))
            {
                throw new AnchorPlaceException($"{name} is there already, and it is another one", inner: e);
            }
        }
        catch (AnchorPlaceException e) when (e.InnerException is AmazonS3Exception { ErrorCode: "InvalidRequest" })
        {
            // What S3 says when object lock is not there.
            throw NotLocked(e);
        }
    }

    public void Dispose() => s3.Dispose();

    private static AmazonS3Config Configured(AwsSettings aws) => aws.Configure(new AmazonS3Config
    {
        // A bucket is no name of a host under an address of one's own.
        ForcePathStyle = aws.EndpointUrl is not null,
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
        ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
    });

    private static AnchorPlaceException NotLocked(Exception? inner = null) => new(
        "AUDIT_ANCHOR_BUCKET has no object lock, so anchors could be removed from it: none is put there", isRefusal: true, inner);

    private static async Task<TAnswer> AskAsync<TAnswer>(Func<CancellationToken, Task<TAnswer>> call, CancellationToken ct)
    {
        try
        {
            return await AwsCall.AskAsync(call, static answer => (answer as IDisposable)?.Dispose(), ct, Patience);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new AnchorPlaceException($"AUDIT_ANCHOR_BUCKET: {AwsFailure.Of(e).Reason}", inner: e);
        }
    }

    /// <summary>What was put there first, whatever hides it.</summary>
    private async Task<byte[]> FirstAsync(string key, CancellationToken ct)
    {
        ListVersionsRequest versions = new() { BucketName = settings.AnchorBucket, Prefix = key };
        var found = (await AskAsync(token => s3.ListVersionsAsync(versions, token), ct)).Versions ?? [];
        if (found.Where(version => version.Key == key && version.IsDeleteMarker is not true).MinBy(version => version.LastModified) is not { } first)
        {
            return [];
        }

        GetObjectRequest request = new() { BucketName = settings.AnchorBucket, Key = key, VersionId = first.VersionId };
        return await AskAsync(
            async token =>
            {
                using var answer = await s3.GetObjectAsync(request, token);
                using var content = new MemoryStream();
                await answer.ResponseStream.CopyToAsync(content, token);
                return content.ToArray();
            },
            ct);
    }
}
