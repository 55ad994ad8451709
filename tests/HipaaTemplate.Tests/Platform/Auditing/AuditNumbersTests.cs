using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Auditing;

/// <summary>A number that may be missing is told before its process can be killed.</summary>
internal sealed class AuditNumbersTests
{
    private static readonly TenantId Tenant = TenantId.From(Guid.CreateVersion7());

    private readonly ManualTime time = new();

    [Test]
    public void One_that_is_open_is_told_until_it_is_stored()
    {
        var numbers = new AuditNumbers(time, isSerial: false);
        var first = Next(numbers);
        var second = Next(numbers);
        numbers.Stored(first);
        var third = Next(numbers);

        Assert.That(new[] { first, second, third }.Select(entry => entry.Number), Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That((first.Void, second.Void, third.Void), Is.EqualTo(((long[])[], (long[])[0], (long[])[1])));
    }

    [Test]
    public void One_that_was_not_stored_is_told_until_that_is_stored([Values] bool isSerial)
    {
        var numbers = new AuditNumbers(time, isSerial);
        numbers.NotStored(Next(numbers));
        var second = Next(numbers);
        numbers.NotStored(second);
        var third = Next(numbers);
        numbers.Stored(third);

        Assert.That((second.Void, third.Void, Next(numbers).Void), Is.EqualTo(((long[])[0], (long[])[0, 1], (long[])[])));
    }

    [Test]
    public void Those_who_store_in_order_have_nothing_open_to_tell()
    {
        var numbers = new AuditNumbers(time, isSerial: true);
        Next(numbers);

        Assert.That(Next(numbers).Void, Is.Empty);
    }

    [Test]
    public void Their_time_never_goes_back_and_tenants_do_not_share_them()
    {
        var numbers = new AuditNumbers(time, isSerial: true);
        var first = numbers.Next(Tenant).At;
        time.Advance(TimeSpan.FromDays(-40));

        Assert.That(numbers.Next(Tenant).At, Is.EqualTo(first));
        Assert.That(numbers.Next(TenantId.From(Guid.CreateVersion7())).Number, Is.Zero);
    }

    private static AuditEntry Next(AuditNumbers numbers)
    {
        var (number, at, untold) = numbers.Next(Tenant);
        return new AuditEntry
        {
            Tenant = Tenant, Id = Guid.CreateVersion7(), At = at, Writer = numbers.Writer, Number = number, Void = untold,
            Action = "read_records", Outcome = "success", ActorType = "system", KeyVersion = 1,
        };
    }
}
