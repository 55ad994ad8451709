namespace HipaaTemplate.Platform.Protection.Providers;

/// <summary>
/// Kinds of data that may be sealed under keys of their own. A class without one of its own
/// (KEY_IDS_BY_CLASS) shares the keys of <see cref="General"/>. Numbers are stored: never reuse one.
/// </summary>
internal enum DataClass : short
{
    General = 0,
    Profile = 1,
    Record = 2,
    Medication = 3,
    Message = 4,
    Document = 5,
}
