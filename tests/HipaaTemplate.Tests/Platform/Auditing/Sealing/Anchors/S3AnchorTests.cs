using Amazon.S3;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Sealing.Anchors;
using HipaaTemplate.Platform.Aws;
using HipaaTemplate.Tests.Compliance;
using HipaaTemplate.Tests.Harness.Aws;

namespace HipaaTemplate.Tests.Platform.Auditing.Sealing.Anchors;

/// <summary>Amazon S3 with object lock, on a double that takes nothing for granted.</summary>
internal sealed class S3AnchorTests : AnchorPlaceContract
{
    private const string Bucket = "anchors.example";
    private const string Open = "without-lock";
    private const string Prefix = "clinic/";

    private AwsDouble aws = null!;
    private AwsCredential user = null!;
    private S3AnchorPlace place = null!;

    protected override IAnchorPlace Place => place;

    [SetUp]
    public async Task StartAsync()
    {
        aws = await AwsDouble.StartAsync();
        aws.S3.NewBucket(Bucket, hasLock: true);
        aws.S3.NewBucket(Open, hasLock: false);
        user = aws.NewUser("anchors");
        place = PlaceIn(Bucket, user);
    }

    [TearDown]
    public async Task StopAsync()
    {
        place.Dispose();
        await aws.DisposeAsync();
    }

    [Test]
    [Hipaa(Citations.Integrity)]
    public async Task An_anchor_is_locked_for_years_and_can_be_neither_removed_nor_unlocked()
    {
        var before = TimeProvider.System.GetUtcNow();
        await place.PutAsync(Name(1), "one"u8.ToArray(), CancellationToken.None);
        var stored = aws.S3.VersionsOf(Bucket).Single();
        Assert.That(stored.LockedUntil, Is.InRange(before.AddYears(7).AddSeconds(-1), TimeProvider.System.GetUtcNow().AddYears(7)));

        using var s3 = new AmazonS3Client(user.ForSdk(), Settings.Configure(new AmazonS3Config { ForcePathStyle = true }));
        Assert.Multiple(() =>
        {
            Assert.That(() => s3.DeleteObjectAsync(Bucket, Prefix + Name(1), stored.Id), Throws.InstanceOf<AmazonS3Exception>());
            Assert.That(
                () => s3.PutObjectRetentionAsync(new()
                {
                    BucketName = Bucket, Key = Prefix + Name(1), VersionId = stored.Id,
                    Retention = new() { Mode = ObjectLockRetentionMode.Compliance, RetainUntilDate = before.AddYears(1).UtcDateTime },
                }),
                Throws.InstanceOf<AmazonS3Exception>());
        });
        await s3.DeleteObjectAsync(Bucket, Prefix + Name(1));
        Assert.That(await ListAsync(""), Is.EqualTo(new[] { Name(1) }), "a delete hides it from others, not from us");
        Assert.That(aws.S3.VersionsOf(Bucket), Does.Contain(stored));
    }

    [Test]
    [Hipaa(Citations.Integrity)]
    public async Task A_bucket_without_object_lock_is_refused()
    {
        using var open = PlaceIn(Open, user);
        Assert.Multiple(() =>
        {
            Assert.That(() => open.CheckAsync(CancellationToken.None), ThrowsRefusal());
            Assert.That(() => open.PutAsync(Name(1), [], CancellationToken.None), ThrowsRefusal(), "nor is it put there by who did not look");
        });
        Assert.That(aws.S3.VersionsOf(Open), Is.Empty);
        await place.CheckAsync(CancellationToken.None);
    }

    [TestCase(KeyServiceFault.Throttled, "SlowDown")]
    [TestCase(KeyServiceFault.ServerError, "InternalError")]
    [TestCase(KeyServiceFault.Reset, "no answer of the service")]
    [TestCase(KeyServiceFault.Down, "no answer of the service")]
    public async Task An_outage_is_a_failure_and_no_refusal_and_passes(KeyServiceFault fault, string reason)
    {
        aws.Fail(fault);
        foreach (var work in new Func<Task>[]
        {
            () => place.CheckAsync(CancellationToken.None), () => ListAsync(""), () => place.PutAsync(Name(1), "one"u8.ToArray(), CancellationToken.None),
        })
        {
            Assert.That(work, Throws.InstanceOf<AnchorPlaceException>()
                .With.Property(nameof(AnchorPlaceException.IsRefusal)).EqualTo(false).And.Message.Contains(reason));
        }

        aws.Fail(null);
        await place.PutAsync(Name(1), "one"u8.ToArray(), CancellationToken.None);
        Assert.That(await ListAsync(""), Is.EqualTo(new[] { Name(1) }));
    }

    /// <summary>It was stored; who asks again is told that it is there.</summary>
    [Test]
    public async Task An_answer_that_is_lost_puts_nothing_twice()
    {
        aws.Fail(KeyServiceFault.Reset, times: 1);
        await place.PutAsync(Name(1), "one"u8.ToArray(), CancellationToken.None);

        Assert.That(aws.S3.VersionsOf(Bucket), Has.Count.EqualTo(1));
    }

    [Test]
    public void Who_is_not_known_there_is_told_the_code_and_nothing_else()
    {
        aws.Revoke(user);
        Assert.That(
            () => place.PutAsync(Name(1), [], CancellationToken.None),
            Throws.InstanceOf<AnchorPlaceException>().With.Message.EqualTo("AUDIT_ANCHOR_BUCKET: InvalidAccessKeyId"));
    }

    protected override async Task<byte[]> StoredAsync(string name)
    {
        await Task.CompletedTask;
        return aws.S3.VersionsOf(Bucket).Single(version => version.Key == Prefix + name).Content!;
    }

    private AwsSettings Settings => new() { Region = AwsDouble.Region, EndpointUrl = aws.Address };

    private static NUnit.Framework.Constraints.EqualConstraint<bool> ThrowsRefusal() =>
        Throws.InstanceOf<AnchorPlaceException>().With.Property(nameof(AnchorPlaceException.IsRefusal)).EqualTo(true);

    private S3AnchorPlace PlaceIn(string bucket, AwsCredential credential) => new(
        new AuditSettings { AnchorBucket = bucket, AnchorPrefix = Prefix }, Settings, TimeProvider.System, credential.ForSdk());
}
