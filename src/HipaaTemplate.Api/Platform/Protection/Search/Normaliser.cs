using System.Globalization;
using System.Text;

namespace HipaaTemplate.Platform.Protection.Search;

/// <summary>
/// How a value is written before it is hashed, so that what people call the same is found. The number is part
/// of the index's key: a rule that is changed gets a new number, and the rows are indexed anew.
/// </summary>
internal enum Normaliser
{
    None = 0,

    /// <summary>Version 1: without white space around it, in capitals.</summary>
    Identifier = 1,

    /// <summary>Version 1: without white space around it, in capitals.</summary>
    Email = 2,

    /// <summary>Version 1: its digits.</summary>
    Phone = 3,

    /// <summary>Version 1: in capitals, Latin letters without their marks, single spaces.</summary>
    Name = 4,

    /// <summary>Version 1: as it is, ISO 8601.</summary>
    Date = 5,
}

internal static class Normalisers
{
    /// <summary>
    /// Capitals with a mark, and letters without a capital of their own, behind the letter they are filed under.
    /// The process runs without the tables for Unicode's normal forms, and a name may reach us composed or not.
    /// </summary>
    private static readonly Dictionary<char, char> BaseLetters = ToDictionary(
    [
        "A\u212bÀÁÂÃÄÅĀĂĄǍǞǠǺȀȂȦḀẠẢẤẦẨẪẬẮẰẲẴẶ",
        "BḂḄḆ",
        "CÇĆĈĊČḈ",
        "DĎḊḌḎḐḒĐƉ",
        "EÈÉÊËĒĔĖĘĚȄȆȨḔḖḘḚḜẸẺẼẾỀỂỄỆ",
        "FḞ",
        "GĜĞĠĢǦǴḠ",
        "HĤȞḢḤḦḨḪĦ",
        "IıÌÍÎÏĨĪĬĮİǏȈȊḬḮỈỊ",
        "JĴ",
        "K\u212aĶǨḰḲḴ",
        "LĹĻĽḶḸḺḼŁ",
        "MḾṀṂ",
        "NÑŃŅŇǸṄṆṈṊ",
        "OÒÓÔÕÖŌŎŐƠǑǪǬȌȎȪȬȮȰṌṎṐṒỌỎỐỒỔỖỘỚỜỞỠỢØ",
        "PṔṖ",
        "RŔŖŘȐȒṘṚṜṞ",
        "SŚŜŞŠȘṠṢṤṦṨ",
        "TŢŤȚṪṬṮṰŦ",
        "UÙÚÛÜŨŪŬŮŰŲƯǓǕǗǙǛȔȖṲṴṶṸṺỤỦỨỪỬỮỰ",
        "VṼṾ",
        "WŴẀẂẄẆẈ",
        "XẊẌ",
        "YÝŶŸȲẎỲỴỶỸ",
        "ZŹŻŽẐẒẔ",
    ]);

    public static string Apply(this Normaliser normaliser, string text) => normaliser switch
    {
        Normaliser.Identifier or Normaliser.Email => text.Trim().ToUpperInvariant(),
        Normaliser.Phone => Digits(text),
        Normaliser.Name => Name(text),
        Normaliser.Date => text,
        _ => throw new ArgumentOutOfRangeException(nameof(normaliser), normaliser, "There is no such rule."),
    };

    private static string Digits(string text)
    {
        var digits = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (CharUnicodeInfo.GetDecimalDigitValue(character) is var value and >= 0)
            {
                digits.Append((char)('0' + value));
            }
        }

        return digits.ToString();
    }

    private static string Name(string text)
    {
        var name = new StringBuilder(text.Length);
        foreach (var character in text.ToUpperInvariant())
        {
            if (char.IsWhiteSpace(character))
            {
                if (name.Length > 0 && name[^1] != ' ')
                {
                    name.Append(' ');
                }
            }
            else if (character is 'ß' or 'ẞ')
            {
                name.Append("SS");
            }
            else if (CharUnicodeInfo.GetUnicodeCategory(character) != UnicodeCategory.NonSpacingMark)
            {
                name.Append(BaseLetters.GetValueOrDefault(character, character));
            }
        }

        return name.ToString().TrimEnd();
    }

    private static Dictionary<char, char> ToDictionary(string[] groups) => groups
        .SelectMany(group => group.Skip(1), (group, marked) => (group[0], marked))
        .ToDictionary(pair => pair.marked, pair => pair.Item1);
}
