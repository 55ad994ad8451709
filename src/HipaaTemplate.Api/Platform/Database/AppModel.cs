using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace HipaaTemplate.Platform.Database;

/// <summary>The model by itself, for who wants to know what is in it and has no database.</summary>
internal static class AppModel
{
    public static IModel Of(FeatureCatalog features)
    {
        // The API's own services would bring its connection, and so its settings.
        using var services = new ServiceCollection().AddSingleton(features).BuildServiceProvider();
        var options = new DbContextOptionsBuilder<AppDbContext>()
            .UseNpgsql()
            .UseApplicationServiceProvider(services)
            // EF Core keeps one model for all contexts of a type; this one is of these features.
            .EnableServiceProviderCaching(false);
        using var db = new AppDbContext(options.Options);
        return db.GetService<IDesignTimeModel>().Model;
    }
}
