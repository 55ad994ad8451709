namespace HipaaTemplate.Platform.Errors;

internal static class ErrorsExtensions
{
    public static void AddErrors(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ErrorRegistry>();
        builder.Services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<UnhandledExceptions>();
        builder.Services.AddValidation();

        // In every environment a request that cannot be bound is a bare 400, to which the status
        // code page gives a code. Development's default would answer with the raw value.
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = false);
    }

    public static void UseErrors(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
    }
}
