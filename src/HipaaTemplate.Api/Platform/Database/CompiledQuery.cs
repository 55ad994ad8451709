using System.Runtime.CompilerServices;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// A query that EF.CompileAsyncQuery made, kept for each model. EF binds it to the first model it
/// meets and refuses any other, and one process may hold several hosts: the tests take the tenant
/// filter away from one of them and must not run the query that another one compiled.
/// </summary>
/// <param name="compile">Calls EF.CompileAsyncQuery.</param>
internal sealed class CompiledQuery<TQuery>(Func<TQuery> compile)
    where TQuery : Delegate
{
    private readonly ConditionalWeakTable<object, TQuery> queries = [];

    public TQuery For(AppDbContext db) => queries.GetValue(db.Model, _ => compile());
}
