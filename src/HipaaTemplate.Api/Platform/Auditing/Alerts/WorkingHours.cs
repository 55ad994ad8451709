using System.Globalization;
using System.Text.RegularExpressions;

namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>The hours in which patients' data is opened as a rule, by the clock on the wall.</summary>
internal sealed partial class WorkingHours
{
    private static readonly string[] DayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    private readonly TimeOnly from;
    private readonly TimeOnly to;
    private readonly HashSet<DayOfWeek> days;
    private readonly TimeZoneInfo zone;

    private WorkingHours(TimeOnly from, TimeOnly to, HashSet<DayOfWeek> days, TimeZoneInfo zone)
    {
        this.from = from;
        this.to = to;
        this.days = days;
        this.zone = zone;
    }

    /// <returns>Null where there are none, or settings that are no hours: those are refused at start.</returns>
    public static WorkingHours? Of(AlertSettings settings) =>
        settings.WorkingHours is { } hours && TryParse(hours, out var from, out var to)
        && TryParseDays(settings.WorkingDays, out var days) && TimeZoneInfo.TryFindSystemTimeZoneById(settings.TimeZone, out var zone)
            ? new WorkingHours(from, to, days, zone)
            : null;

    /// <param name="text">07:00-19:00; 22:00-06:00 goes through the night.</param>
    public static bool TryParse(string text, out TimeOnly from, out TimeOnly to)
    {
        (from, to) = (default, default);
        var match = HoursPattern().Match(text);
        return match.Success && TryParseTime(match.Groups["from"].Value, out from)
            && TryParseTime(match.Groups["to"].Value, out to) && from != to;
    }

    public static bool TryParseDays(IReadOnlyCollection<string> names, out HashSet<DayOfWeek> days)
    {
        var numbers = names.Select(name => Array.IndexOf(DayNames, name)).ToList();
        days = [.. numbers.Select(number => (DayOfWeek)number)];
        return days.Count > 0 && days.Count == numbers.Count && !numbers.Contains(-1);
    }

    /// <summary>A night belongs to the day that it began on.</summary>
    public bool Contain(DateTimeOffset at)
    {
        var local = TimeZoneInfo.ConvertTime(at, zone);
        var time = TimeOnly.FromDateTime(local.DateTime);
        return from < to
            ? days.Contains(local.DayOfWeek) && time >= from && time < to
            : (days.Contains(local.DayOfWeek) && time >= from) || (days.Contains(local.AddDays(-1).DayOfWeek) && time < to);
    }

    private static bool TryParseTime(string text, out TimeOnly time) =>
        TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out time);

    [GeneratedRegex("^(?<from>[0-9]{2}:[0-9]{2})-(?<to>[0-9]{2}:[0-9]{2})$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HoursPattern();
}
