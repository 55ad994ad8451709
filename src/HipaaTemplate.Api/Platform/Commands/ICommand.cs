namespace HipaaTemplate.Platform.Commands;

/// <summary>A verb of the binary: <c>HipaaTemplate.Api migrate up</c>.</summary>
internal interface ICommand
{
    /// <summary>The first word.</summary>
    string Name { get; }

    string Summary { get; }

    /// <summary>One line for each form, without the program's name.</summary>
    IReadOnlyList<string> Usage { get; }

    /// <param name="arguments">The words after the verb.</param>
    /// <exception cref="UsageException">The words are not one of the forms.</exception>
    Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct);
}

internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;

    /// <summary>Of a verb that verifies.</summary>
    public const int Tampered = 2;

    /// <summary>Of a verb that verifies: nothing is contradicted, and not all is proven.</summary>
    public const int Incomplete = 3;
}

/// <summary>The words given are not a form of the verb; its usage is shown.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>A verb cannot do its work; the message is one line for the operator, without secrets.</summary>
internal sealed class CommandException(string message) : Exception(message);
