namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>
/// A log of 33 events among others, with a head after 10, 25 and 33 of them, and an anchor a minute; what is exported
/// at 10:03:30 has all five heads.
/// </summary>
internal sealed class Scene : IDisposable
{
    public const string ExportedAt = "10:03:30";
    public const int FirstSealed = 10;
    public const int SecondSealed = 25;
    public const int AllSealed = 33;

    public Scene()
    {
        Log.Add(FirstSealed);
        Trail.Seal(Log);
        Other.Add(5);
        Trail.Seal(Other);
        Trail.Anchor("10:01:00");
        Log.Add(SecondSealed - FirstSealed);
        Trail.Seal(Log);
        Trail.Anchor("10:02:00");
        Beginning = Log.Fork();
        Log.Add(AllSealed - SecondSealed);
        Trail.Seal(Log);
        Other.Add(4);
        Trail.Seal(Other);
        Trail.Anchor("10:03:00");
    }

    public SyntheticTrail Trail { get; } = new();

    public SyntheticLog Log { get; } = SyntheticTrail.NewLog();

    /// <summary>Of another tenant.</summary>
    public SyntheticLog Other { get; } = SyntheticTrail.NewLog();

    /// <summary>The log when it had 25 events.</summary>
    public SyntheticLog Beginning { get; }

    public string Keys => Trail.Keys(Log, Other);

    /// <summary>Without a MAC key.</summary>
    public string PublicKey => Trail.Keys();

    public List<string> Bundle() => Trail.Bundle(Log, ExportedAt);

    public Evidence Given(IEnumerable<string> lines) => new(lines, Keys, Trail.Anchors);

    public void Dispose() => Trail.Dispose();
}
