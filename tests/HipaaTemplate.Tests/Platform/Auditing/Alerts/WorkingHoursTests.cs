using System.Globalization;
using HipaaTemplate.Platform.Auditing.Alerts;

namespace HipaaTemplate.Tests.Platform.Auditing.Alerts;

/// <summary>When it is after hours, by the clock on the wall.</summary>
internal sealed class WorkingHoursTests
{
    // 2026-11-27 is a Friday.
    [TestCase("07:00-19:00", "UTC", "2026-11-27T06:59:59.999Z", false)]
    [TestCase("07:00-19:00", "UTC", "2026-11-27T07:00:00Z", true)]
    [TestCase("07:00-19:00", "UTC", "2026-11-27T18:59:59.999Z", true)]
    [TestCase("07:00-19:00", "UTC", "2026-11-27T19:00:00Z", false)]
    [TestCase("07:00-19:00", "UTC", "2026-11-28T12:00:00Z", false, TestName = "Saturday")]
    [TestCase("07:00-19:00", "America/New_York", "2026-11-27T11:59:59Z", false)]
    [TestCase("07:00-19:00", "America/New_York", "2026-11-27T12:00:00Z", true)]
    [TestCase("07:00-19:00", "America/New_York", "2026-11-27T23:59:59Z", true)]
    [TestCase("07:00-19:00", "Europe/Stockholm", "2026-07-03T05:00:00Z", true, TestName = "Summer time")]
    [TestCase("07:00-19:00", "Europe/Stockholm", "2026-11-27T05:00:00Z", false, TestName = "Winter time")]
    [TestCase("07:00-19:00", "Pacific/Auckland", "2026-11-26T18:00:00Z", true, TestName = "Friday already, over there")]
    [TestCase("22:00-06:00", "UTC", "2026-11-27T22:00:00Z", true)]
    [TestCase("22:00-06:00", "UTC", "2026-11-28T05:59:59Z", true, TestName = "The night that began on Friday")]
    [TestCase("22:00-06:00", "UTC", "2026-11-28T06:00:00Z", false)]
    [TestCase("22:00-06:00", "UTC", "2026-11-28T22:00:00Z", false, TestName = "The night that begins on Saturday")]
    [TestCase("22:00-06:00", "UTC", "2026-11-23T01:00:00Z", false, TestName = "The night that began on Sunday")]
    public void They_hold_from_the_first_minute_to_the_last(string hours, string zone, string at, bool isWithin) => Assert.That(
        WorkingHours.Of(new AlertSettings { WorkingHours = hours, TimeZone = zone })!.Contain(DateTimeOffset.Parse(at, CultureInfo.InvariantCulture)),
        Is.EqualTo(isWithin));

    [Test]
    public void There_are_none_until_somebody_sets_them() => Assert.That(WorkingHours.Of(new AlertSettings()), Is.Null);
}
