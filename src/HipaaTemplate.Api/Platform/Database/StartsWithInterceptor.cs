using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Makes string.StartsWith PostgreSQL's starts_with. EF Core's own LIKE is not LEAKPROOF, so under
/// row-level security no index serves it and it is asked of every row of the tenant. Query filters of
/// the model are put in later and stay as they are.
/// </summary>
internal sealed class StartsWithInterceptor : IQueryExpressionInterceptor
{
    private static readonly MethodInfo OfString =
        typeof(string).GetMethod(nameof(string.StartsWith), [typeof(string)])!;

    private static readonly MethodInfo OfDatabase =
        typeof(StartsWithInterceptor).GetMethod(nameof(StartsWith), BindingFlags.Static | BindingFlags.NonPublic)!;

    public static void Map(ModelBuilder modelBuilder)
    {
        var function = modelBuilder.HasDbFunction(OfDatabase).HasName("starts_with").IsBuiltIn();
        function.HasParameter("text").PropagatesNullability();
        function.HasParameter("prefix").PropagatesNullability();
    }

    public Expression QueryCompilationStarting(Expression queryExpression, QueryExpressionEventData eventData) =>
        new Rewriter().Visit(queryExpression);

    /// <summary>Called where EF Core evaluates the call outside the database, in the last projection.</summary>
    private static bool? StartsWith(string? text, string? prefix) =>
        text is null || prefix is null ? null : text.StartsWith(prefix, StringComparison.Ordinal);

    private sealed class Rewriter : ExpressionVisitor
    {
        private static readonly Expression True = Expression.Constant(true, typeof(bool?));

        // Null starts with nothing and nothing starts with null: in C# the answer is false.
        protected override Expression VisitMethodCall(MethodCallExpression node)
        {
            var visited = base.VisitMethodCall(node);
            return visited is MethodCallExpression { Object: { } text, Arguments: [var prefix] } call && call.Method == OfString
                ? Expression.Equal(Expression.Call(OfDatabase, text, prefix), True)
                : visited;
        }
    }
}
