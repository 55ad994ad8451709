using System.Reflection;
using System.Text.RegularExpressions;
using HipaaTemplate.Platform;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>A feature can be deleted: nothing but Program.cs knows of it.</summary>
internal sealed partial class FeatureTests
{
    private const string Features = "HipaaTemplate.Features.";
    private const string Platform = "HipaaTemplate.Platform";

    private static readonly Assembly Product = typeof(IFeature).Assembly;

    [Test]
    public void There_are_features_to_look_at() =>
        Assert.That(App.Api.Services.GetRequiredService<FeatureCatalog>().Features, Is.Not.Empty);

    [Test]
    public void Program_lists_every_feature_and_each_once()
    {
        var listed = App.Api.Services.GetRequiredService<FeatureCatalog>().Features
            .Select(feature => feature.GetType()).Where(type => type.Assembly == Product);
        var written = Product.GetTypes().Where(type =>
            typeof(IFeature).IsAssignableFrom(type) && type is { IsAbstract: false });
        Assert.That(listed, Is.EquivalentTo(written), "A feature that Program.cs does not list is dead code.");
    }

    [Test]
    public void A_folder_of_features_has_one_class_of_its_name_and_is_its_namespace() => Assert.That(
        Product.GetTypes().Where(type => typeof(IFeature).IsAssignableFrom(type) && type is { IsAbstract: false })
            .Select(type => type.FullName),
        Is.EquivalentTo(Folders().Select(folder => $"{Features}{folder}.{folder}Feature")));

    [Test]
    public void No_type_refers_to_a_feature_that_it_is_not_part_of()
    {
        var crossings = from type in Product.GetTypes()
                        let home = HomeOf(type)
                        where home is not null
                        from used in UsedBy(type)
                        let feature = FeatureOf(used)
                        where feature is not null && feature != home
                        select $"{type.FullName} uses {used.FullName}";
        Assert.That(crossings.Distinct(), Is.Empty);
    }

    [Test]
    public void No_source_file_names_a_feature_that_it_is_not_part_of()
    {
        var names = Folders();
        var crossings = from file in SourceTree.Product
                        where file != "src/HipaaTemplate.Api/Program.cs"
                        let home = FolderPattern().Match(file).Groups["feature"].Value
                        from Match named in NamePattern().Matches(SourceTree.Read(file))
                        let feature = named.Groups["feature"].Value
                        where feature != home && names.Contains(feature)
                        select $"{file} names {named.Value}";
        Assert.That(crossings, Is.Empty);
    }

    /// <summary>Tests of a feature go with it, so others must not need it. Benchmarks measure one, and prove nothing.</summary>
    [Test]
    public void No_test_outside_a_features_folder_names_it()
    {
        var names = Folders();
        var crossings = from file in SourceTree.CSharp
                        where file.StartsWith("tests/HipaaTemplate.Tests/", StringComparison.Ordinal)
                        let home = FolderPattern().Match(file).Groups["feature"].Value
                        let text = SourceTree.Read(file)
                        from name in names
                        where name != home && Regex.IsMatch(
                            text, $@"Features\.{name}\b|/{name.ToLowerInvariant()}\b", RegexOptions.None, TimeSpan.FromSeconds(1))
                        select $"{file} names {name}";
        Assert.That(crossings, Is.Empty);
    }

    [Test]
    public void Program_is_a_contents_page()
    {
        var program = SourceTree.Read("src/HipaaTemplate.Api/Program.cs");
        Assert.Multiple(() =>
        {
            Assert.That(program.Split('\n'), Has.Length.LessThanOrEqualTo(60));
            // One lambda: what serving maps.
            Assert.That(
                program.Replace("app =>", "", StringComparison.Ordinal),
                Does.Not.Match(@"\b(if|for|foreach|while|switch|try)\b|=>|\?|Configuration|Environment"));
        });
    }

    private static List<string> Folders() =>
    [
        .. SourceTree.Product.Select(file => FolderPattern().Match(file))
            .Where(match => match.Success).Select(match => match.Groups["feature"].Value).Distinct(),
    ];

    /// <summary>The feature of a type, "" for Platform, null for Program and what compilers add.</summary>
    private static string? HomeOf(Type type) =>
        FeatureOf(type) ?? (type.Namespace?.StartsWith(Platform, StringComparison.Ordinal) == true ? "" : null);

    private static string? FeatureOf(Type type) =>
        type.Namespace?.StartsWith(Features, StringComparison.Ordinal) == true
            ? type.Namespace[Features.Length..].Split('.')[0]
            : null;

    private static IEnumerable<Type> UsedBy(Type type)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static
            | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var declared = new[] { type.BaseType }.Concat(type.GetInterfaces())
            .Concat(type.GetFields(All).Select(field => field.FieldType))
            .Concat(type.GetMethods(All).SelectMany(method => method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType)))
            .Concat(type.GetConstructors(All).SelectMany(made => made.GetParameters().Select(p => p.ParameterType)))
            .Concat(type.CustomAttributes.Select(attribute => attribute.AttributeType));
        var named = MethodIl.MethodsOf(type).SelectMany(MethodIl.References)
            .SelectMany(member => new[] { member as Type, member.DeclaringType }
                .Concat((member as MethodInfo)?.IsGenericMethod == true ? ((MethodInfo)member).GetGenericArguments() : []));
        return declared.Concat(named).SelectMany(Parts);
    }

    private static IEnumerable<Type> Parts(Type? type) => type is null
        ? []
        : type.GetGenericArguments().SelectMany(Parts).Concat(Parts(type.GetElementType())).Append(type);

    [GeneratedRegex("/Features/(?<feature>[A-Za-z0-9]+)/", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FolderPattern();

    [GeneratedRegex(@"\bFeatures\.(?<feature>[A-Z][A-Za-z0-9]*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamePattern();
}
