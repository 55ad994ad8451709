using System.Text;
using HipaaTemplate.Platform.Auditing.Sealing.Anchors;
using HipaaTemplate.Tests.Compliance;

namespace HipaaTemplate.Tests.Platform.Auditing.Sealing.Anchors;

/// <summary>What every place of anchors does.</summary>
internal abstract class AnchorPlaceContract
{
    /// <summary>More than a page of a list.</summary>
    private const int Many = 8;

    protected abstract IAnchorPlace Place { get; }

    /// <summary>What is stored under a name.</summary>
    protected abstract Task<byte[]> StoredAsync(string name);

    [Test]
    public async Task What_is_put_is_there_byte_for_byte_and_is_listed_in_order()
    {
        var contents = Enumerable.Range(1, Many).Reverse().ToDictionary(Name, number => Encoding.UTF8.GetBytes($"{new string('ä', number)}\n"));
        foreach (var (name, content) in contents)
        {
            await Place.PutAsync(name, content, CancellationToken.None);
        }

        Assert.That(await ListAsync(""), Is.EqualTo(Enumerable.Range(1, Many).Select(Name)));
        Assert.That(await ListAsync(Name(3)), Is.EqualTo(Enumerable.Range(4, Many - 3).Select(Name)));
        Assert.That(await ListAsync(Name(Many)), Is.Empty);
        foreach (var (name, content) in contents)
        {
            Assert.That(await StoredAsync(name), Is.EqualTo(content));
        }
    }

    [Test]
    public async Task An_empty_place_has_no_names() => Assert.That(await ListAsync(""), Is.Empty);

    [Test]
    [Hipaa(Citations.Integrity)]
    public async Task Nothing_takes_the_place_of_an_anchor_and_the_same_again_is_no_failure()
    {
        await Place.PutAsync(Name(1), "one"u8.ToArray(), CancellationToken.None);
        await Place.PutAsync(Name(1), "one"u8.ToArray(), CancellationToken.None);

        Assert.That(
            () => Place.PutAsync(Name(1), "two"u8.ToArray(), CancellationToken.None),
            Throws.InstanceOf<AnchorPlaceException>().With.Property(nameof(AnchorPlaceException.IsRefusal)).EqualTo(false));
        Assert.That(await StoredAsync(Name(1)), Is.EqualTo("one"u8.ToArray()));
        Assert.That(await ListAsync(""), Is.EqualTo(new[] { Name(1) }));
    }

    [Test]
    public async Task A_large_one_is_put_whole()
    {
        var content = new byte[5_000_000];
        Random.Shared.NextBytes(content);
        await Place.PutAsync(Name(1), content, CancellationToken.None);

        Assert.That(await StoredAsync(Name(1)), Is.EqualTo(content));
    }

    [Test]
    public async Task Who_gives_up_is_told_so_and_leaves_nothing_half_done()
    {
        Assert.That(
            () => Place.PutAsync(Name(1), "one"u8.ToArray(), new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await ListAsync(""), Is.Empty);
    }

    [Test]
    public Task A_place_that_is_fit_says_nothing() => Place.CheckAsync(CancellationToken.None);

    protected static string Name(int heads) => $"{heads:D20}.ndjson";

    protected async Task<List<string>> ListAsync(string after)
    {
        List<string> names = [];
        await foreach (var name in Place.ListAsync(after, CancellationToken.None))
        {
            names.Add(name);
        }

        return names;
    }
}
