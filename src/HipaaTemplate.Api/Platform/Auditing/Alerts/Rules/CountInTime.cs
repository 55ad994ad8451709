namespace HipaaTemplate.Platform.Auditing.Alerts.Rules;

/// <summary>Counts what is different in each stretch of time of the same length.</summary>
internal static class CountInTime
{
    /// <param name="events">Of a log.</param>
    /// <param name="window">How long the stretch is.</param>
    /// <param name="enough">How many are worth an alert.</param>
    /// <param name="subjectOf">Whose events are counted together; null for one that does not count.</param>
    /// <param name="countedOf">What is counted.</param>
    /// <returns>The new events that are the last new ones in a stretch with so many.</returns>
    public static IEnumerable<(SeenEvent Event, string Subject, IReadOnlyCollection<Guid> Within)> Of(
        SeenEvents events, TimeSpan window, int enough, Func<SeenEvent, string?> subjectOf, Func<SeenEvent, IEnumerable<Guid>> countedOf)
    {
        var isNew = events.New.Select(one => one.Id).ToHashSet();
        foreach (var own in events.All.Where(one => subjectOf(one) is not null).GroupBy(one => subjectOf(one)!, StringComparer.Ordinal))
        {
            var list = own.ToList();
            Dictionary<Guid, int> within = [];
            var oldest = 0;
            SeenEvent? lastNew = null;
            foreach (var one in list)
            {
                foreach (var counted in countedOf(one))
                {
                    within[counted] = within.GetValueOrDefault(counted) + 1;
                }

                for (; one.At - list[oldest].At >= window; oldest++)
                {
                    foreach (var counted in countedOf(list[oldest]).Where(counted => --within[counted] == 0))
                    {
                        within.Remove(counted);
                    }
                }

                lastNew = isNew.Contains(one.Id) ? one : lastNew;
                if (within.Count >= enough && lastNew is not null && lastNew.At >= list[oldest].At)
                {
                    yield return (lastNew, own.Key, [.. within.Keys]);
                    lastNew = null;
                }
            }
        }
    }
}
