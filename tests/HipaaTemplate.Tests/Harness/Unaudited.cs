using System.Runtime.CompilerServices;
using HipaaTemplate.Platform.Auditing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// An API that writes no event of what it reveals: what the trail costs is measured beside it. The switch is here and not in the
/// product, and takes the product's own field: a published build has none.
/// </summary>
internal static class Unaudited
{
    public static void WithoutEventsOfReads(this IServiceCollection services) =>
        services.AddTransient<IStartupFilter, ClosedRecord>();

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "isClosed")]
    private static extern ref bool IsClosed(AccessRecord record);

    private sealed class ClosedRecord : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                IsClosed(context.RequestServices.GetRequiredService<AccessRecord>()) = true;
                return rest(context);
            });
            next(app);
        };
    }
}
