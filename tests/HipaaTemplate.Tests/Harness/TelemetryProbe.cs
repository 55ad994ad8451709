using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace HipaaTemplate.Tests.Harness;

/// <summary>Looks for words in whatever this process tells about itself: spans with all that hangs on them, and measurements.</summary>
internal sealed class TelemetryProbe : IDisposable
{
    /// <summary>The tests are the callers here, and what they ask for is no secret of the API's.</summary>
    private static readonly string[] OfTheCaller = ["System.Net.Http", "Experimental.System.Net"];

    private readonly Canaries words;
    private readonly ActivityListener spans;
    private readonly MeterListener measurements = new();
    private readonly ConcurrentDictionary<string, int> seen = new();
    private readonly ConcurrentDictionary<string, string> found = new();

    public TelemetryProbe(Canaries words)
    {
        this.words = words;
        spans = new ActivityListener
        {
            ShouldListenTo = source => !OfTheCaller.Any(name => source.Name.StartsWith(name, StringComparison.Ordinal)),
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            SampleUsingParentId = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = Look,
        };
        ActivitySource.AddActivityListener(spans);
        measurements.InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument);
        measurements.SetMeasurementEventCallback<byte>(Look);
        measurements.SetMeasurementEventCallback<short>(Look);
        measurements.SetMeasurementEventCallback<int>(Look);
        measurements.SetMeasurementEventCallback<long>(Look);
        measurements.SetMeasurementEventCallback<float>(Look);
        measurements.SetMeasurementEventCallback<double>(Look);
        measurements.SetMeasurementEventCallback<decimal>(Look);
        measurements.Start();
    }

    /// <summary>Spans by source and measurements by instrument.</summary>
    public IReadOnlyDictionary<string, int> Seen => seen;

    /// <summary>Each word that was found, and where first.</summary>
    public IReadOnlyDictionary<string, string> Found
    {
        get
        {
            measurements.RecordObservableInstruments();
            return found;
        }
    }

    public void Dispose()
    {
        spans.Dispose();
        measurements.Dispose();
    }

    private void Look(Activity activity)
    {
        var source = $"{activity.Source.Name}/{activity.OperationName}";
        seen.AddOrUpdate(activity.Source.Name, 1, (_, count) => count + 1);
        Look(source, activity.DisplayName);
        Look(source, activity.OperationName);
        Look(source, activity.StatusDescription);
        Look(source, activity.TraceStateString);
        Look(source, activity.TagObjects);
        foreach (var happened in activity.Events)
        {
            Look(source, happened.Name);
            Look(source, happened.Tags);
        }

        foreach (var link in activity.Links)
        {
            Look(source, link.Tags ?? []);
        }
    }

    private void Look<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
        where T : struct
    {
        var name = $"{instrument.Meter.Name}/{instrument.Name}";
        seen.AddOrUpdate(name, 1, (_, count) => count + 1);
        Look(name, tags.ToArray());
    }

    private void Look(string where, IEnumerable<KeyValuePair<string, object?>> tags)
    {
        foreach (var (key, value) in tags)
        {
            Look(where, key);
            Look($"{where}: {key}", Convert.ToString(value, CultureInfo.InvariantCulture));
        }
    }

    private void Look(string where, string? text)
    {
        foreach (var word in text is null ? [] : words.FindIn(text))
        {
            found.TryAdd(word, where);
        }
    }
}
