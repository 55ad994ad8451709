using HipaaTemplate.Platform.Auditing.Sealing.Anchors;

namespace HipaaTemplate.Tests.Platform.Auditing.Sealing.Anchors;

internal sealed class DirectoryAnchorTests : AnchorPlaceContract
{
    private DirectoryInfo directory = null!;

    protected override IAnchorPlace Place => new DirectoryAnchorPlace(directory.FullName);

    [SetUp]
    public void Start() => directory = Directory.CreateTempSubdirectory("hipaa-template-anchors");

    [TearDown]
    public void Stop()
    {
        directory.Refresh();
        if (directory.Exists)
        {
            directory.Delete(recursive: true);
        }
    }

    [Test]
    public void A_directory_that_is_gone_is_a_failure()
    {
        directory.Delete();
        Assert.Multiple(() =>
        {
            Assert.That(() => Place.CheckAsync(CancellationToken.None), Throws.InstanceOf<AnchorPlaceException>());
            Assert.That(() => Place.PutAsync(Name(1), [], CancellationToken.None), Throws.InstanceOf<AnchorPlaceException>());
            Assert.That(() => ListAsync(""), Throws.InstanceOf<AnchorPlaceException>());
        });
    }

    protected override Task<byte[]> StoredAsync(string name) => File.ReadAllBytesAsync(Path.Combine(directory.FullName, name));
}
