using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Search;

namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>
/// Whether somebody opens a record of the same family name. It is found out where both are at hand, and the event
/// says no more than that: see docs/explanation/audit.md for what even that tells.
/// </summary>
internal static class FamilyNames
{
    /// <summary>The `detail` of such an event.</summary>
    public const string Same = "same_family_name";

    /// <param name="name">Of who asks; null where it is not known, or not wanted.</param>
    /// <param name="rows">That were revealed or changed.</param>
    /// <returns>The `detail` of the event.</returns>
    public static string? Compare(string? name, IEnumerable<PhiEntity> rows)
    {
        if (name is null || Normaliser.Name.Apply(name) is not { Length: > 0 } own)
        {
            return null;
        }

        return rows.Any(row => HasName(row, own)) ? Same : null;
    }

    private static bool HasName(PhiEntity row, string own)
    {
        try
        {
            return PhiTable.Of(row.GetType()).FamilyName?.Get(row)?.Normalised(Normaliser.Name) == own;
        }
        // It cannot be opened; who tries to is told so, and this is not the place.
        catch (PhiException)
        {
            return false;
        }
    }
}
