using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Secrets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Commands;

/// <summary>Runs the verb that the arguments name; without one the API is served.</summary>
internal static class CommandLine
{
    private const string Serve = "serve";
    private const string Check = "config";

    private static readonly string[] Help = ["help", "--help", "-h"];

    /// <summary>Verbs, or forms of them, that no secret service is asked for.</summary>
    private static readonly string[] WithoutSecrets = [.. Help, "docs", "healthcheck", "audit verify"];

    public static void AddCommands(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<OwnerDatabase>();
        builder.Services.AddSingleton<ICommand, MigrateCommand>();
        builder.Services.AddSingleton<ICommand, TenantsCommand>();
        builder.Services.AddSingleton<ICommand, IssuersCommand>();
        builder.Services.AddSingleton<ICommand, KeysCommand>();
        builder.Services.AddSingleton<ICommand, AuditCommand>();
        builder.Services.AddSingleton<ICommand, IsolationCommand>();
        builder.Services.AddSingleton<ICommand, ConfigCommand>();
        builder.Services.AddSingleton<ICommand, DocsCommand>();
        builder.Services.AddSingleton<ICommand, HealthcheckCommand>();
    }

    /// <param name="builder">Everything registered, nothing built.</param>
    /// <param name="arguments">Of the process.</param>
    /// <param name="mapRequests">
    /// Pipeline and endpoints. They read settings that no verb needs, so only serving builds them.
    /// </param>
    public static async Task<int> RunVerbAsync(
        this WebApplicationBuilder builder, string[] arguments, Action<WebApplication> mapRequests)
    {
        // Words such as --PORT=8001 are settings, not verbs.
        var words = arguments.Where(word => !IsSetting(word)).ToList();
        var verb = words.FirstOrDefault() ?? Serve;
        try
        {
            if (!WithoutSecrets.Contains(verb) && !WithoutSecrets.Contains(string.Join(' ', words.Take(2))) && !words.Contains("--help"))
            {
                try
                {
                    await builder.LoadSecretsAsync(CancellationToken.None);
                }
                catch (OptionsValidationException) when (verb is Serve or Check)
                {
                    // They find it again, with everything else that is wrong.
                }
            }

            // Building reads LOG_LEVEL, so it may fail as starting does.
            await using var app = builder.Build();
            if (verb == Serve)
            {
                // The host would do this too, and bury the setting's name in a stack trace.
                app.Services.GetRequiredService<IStartupValidator>().Validate();
                await BuildModelAsync(app.Services);
                mapRequests(app);
                await app.RunAsync();
                return ExitCode.Done;
            }

            var commands = app.Services.GetServices<ICommand>().ToList();
            if (Help.Contains(verb))
            {
                await WriteHelpAsync(Console.Out, commands);
                return ExitCode.Done;
            }

            if (commands.Find(c => c.Name == verb) is not { } command)
            {
                await Console.Error.WriteLineAsync($"There is no verb {verb}.");
                await WriteHelpAsync(Console.Error, commands);
                return ExitCode.WrongUsage;
            }

            app.Services.GetRequiredService<ProcessActor>().Runs(verb, [.. words.Skip(1)]);
            return await RunAsync(command, [.. words.Skip(1)]);
        }
        catch (OptionsValidationException e)
        {
            return await RefuseAsync([e]);
        }
        catch (PhiModelException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCode.Failed;
        }
        catch (CommandException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCode.Failed;
        }
        catch (AggregateException e) when (e.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            return await RefuseAsync(e.InnerExceptions.Cast<OptionsValidationException>());
        }
        catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            await Console.Error.WriteLineAsync("The port is taken: set PORT to another one.");
            return ExitCode.Failed;
        }
    }

    private static async Task<int> RefuseAsync(IEnumerable<OptionsValidationException> exceptions)
    {
        foreach (var problem in exceptions.SelectMany(e => e.Failures).Distinct(StringComparer.Ordinal))
        {
            await Console.Error.WriteLineAsync(problem);
        }

        return ExitCode.Failed;
    }

    /// <summary>An entity that would store something of a patient in clear stops the start, not the first request.</summary>
    private static async Task BuildModelAsync(IServiceProvider services)
    {
        await using var db = await services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();
        _ = db.Model;
    }

    private static bool IsSetting(string word) =>
        word.StartsWith("--", StringComparison.Ordinal) && word.Contains('=', StringComparison.Ordinal);

    private static async Task<int> RunAsync(ICommand command, List<string> arguments)
    {
        if (arguments.Contains("--help"))
        {
            await WriteUsageAsync(Console.Out, command);
            return ExitCode.Done;
        }

        try
        {
            return await command.RunAsync(arguments, CancellationToken.None);
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            await WriteUsageAsync(Console.Error, command);
            return ExitCode.WrongUsage;
        }
        // Without a tenant's key its log cannot be written, and without the event nothing is done.
        catch (PhiException e)
        {
            await Console.Error.WriteLineAsync($"{e.Error.Code}: {e.Error.Title}");
            return ExitCode.Failed;
        }
        catch (Exception e) when (UnhandledExceptions.FindDatabaseFault(e) is PostgresException fault)
        {
            // MessageText names objects, not rows; DETAIL, which quotes rows, is never asked for.
            await Console.Error.WriteLineAsync($"The database refused (SQLSTATE {fault.SqlState}): {fault.MessageText}");
            return ExitCode.Failed;
        }
        catch (Exception e) when (UnhandledExceptions.FindDatabaseFault(e) is not null)
        {
            await Console.Error.WriteLineAsync("The database that DATABASE_URL names cannot be reached.");
            return ExitCode.Failed;
        }
    }

    private static async Task WriteHelpAsync(TextWriter output, List<ICommand> commands)
    {
        await output.WriteLineAsync("HipaaTemplate.Api [verb]");
        await output.WriteLineAsync();
        await output.WriteLineAsync($"  {Serve,-12} serve the API (without a verb)");
        foreach (var command in commands)
        {
            await output.WriteLineAsync($"  {command.Name,-12} {command.Summary}");
        }

        await output.WriteLineAsync();
        await output.WriteLineAsync("HipaaTemplate.Api <verb> --help shows a verb's forms. Settings: docs/CONFIGURATION.md.");
        await output.WriteLineAsync("Exit: 0 done, 1 failed, 2 wrong usage or, where a verb verifies, tampered, 3 incomplete.");
    }

    private static async Task WriteUsageAsync(TextWriter output, ICommand command)
    {
        await output.WriteLineAsync($"{command.Name}: {command.Summary}");
        foreach (var form in command.Usage)
        {
            await output.WriteLineAsync($"  HipaaTemplate.Api {form}");
        }
    }
}
