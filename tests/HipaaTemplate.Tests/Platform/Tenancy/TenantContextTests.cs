using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Tenancy;

internal sealed class TenantContextTests
{
    private static readonly TenantId One = TenantId.From(Guid.CreateVersion7());
    private static readonly TenantId Two = TenantId.From(Guid.CreateVersion7());

    [Test]
    public void Asked_while_empty_it_throws()
    {
        var context = new TenantContext();

        Assert.That(context.IsEntered, Is.False);
        Assert.That(() => context.Id, Throws.TypeOf<NoTenantException>());
    }

    [Test]
    public void It_keeps_the_tenant_that_it_entered_and_refuses_a_second()
    {
        var context = new TenantContext();
        context.Enter(One);
        context.Enter(One);

        Assert.That(() => context.Enter(Two), Throws.InvalidOperationException);
        Assert.That(context.Id, Is.EqualTo(One));
    }

    [Test]
    public void It_refuses_an_id_that_was_never_set()
    {
        var context = new TenantContext();

        Assert.That(() => context.Enter(default), Throws.InvalidOperationException);
        Assert.That(context.IsEntered, Is.False);
    }

    [Test]
    public void The_nil_uuid_names_no_tenant()
    {
        Assert.That(() => TenantId.From(Guid.Empty), Throws.ArgumentException);
        Assert.That(TenantId.TryParse(Guid.Empty.ToString(), out var parsed), Is.False);
        Assert.That(parsed.IsSet, Is.False);
    }

    [Test]
    public void An_id_that_was_never_set_has_neither_value_nor_text()
    {
        TenantId unset = default;

        Assert.That(() => unset.Value, Throws.InvalidOperationException);
        Assert.That(unset.ToString, Throws.InvalidOperationException);
    }
}
