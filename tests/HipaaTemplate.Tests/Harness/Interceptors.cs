using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Harness;

internal static class Interceptors
{
    /// <summary>A host without one of the product's interceptors, to see what stands behind it.</summary>
    public static void Without<TInterceptor>(IServiceCollection services) =>
        services.ConfigureDbContext<AppDbContext>(options =>
        {
            Remove<TInterceptor>(options);
            // EF Core shares compiled queries between contexts that differ in nothing but interceptors.
            options.ReplaceService<IModelCustomizer, Apart<TInterceptor>>();
        });

    public static void Remove<TInterceptor>(DbContextOptionsBuilder options)
    {
        var core = options.Options.FindExtension<CoreOptionsExtension>()!;
        var interceptors = (List<IInterceptor>)core.Interceptors!;
        Assert.That(interceptors.RemoveAll(interceptor => interceptor is TInterceptor), Is.EqualTo(1));
    }

    private sealed class Apart<TInterceptor>(ModelCustomizerDependencies dependencies)
        : RelationalModelCustomizer(dependencies);
}
