using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace HipaaTemplate.Platform.Protection;

/// <summary>
/// Refuses what PostgreSQL would do with ciphertext without complaint, and what would mean nothing: an order,
/// groups, the smallest, the different ones.
/// </summary>
internal sealed class PhiQueryInterceptor : IQueryExpressionInterceptor
{
    private static readonly string[] ByValue =
    [
        nameof(Queryable.OrderBy), nameof(Queryable.OrderByDescending), nameof(Queryable.ThenBy), nameof(Queryable.ThenByDescending),
        nameof(Queryable.GroupBy), nameof(Queryable.Min), nameof(Queryable.Max), nameof(Queryable.DistinctBy), nameof(Queryable.Distinct),
    ];

    public Expression QueryCompilationStarting(Expression queryExpression, QueryExpressionEventData eventData)
    {
        new Visitor().Visit(queryExpression);
        return queryExpression;
    }

    private sealed class Visitor : ExpressionVisitor
    {
        protected override Expression VisitMethodCall(MethodCallExpression node)
        {
            if (node.Method.DeclaringType == typeof(Queryable) && ByValue.Contains(node.Method.Name)
                && node.Method.GetGenericArguments().Any(IsSealed))
            {
                throw new InvalidOperationException(
                    $"{node.Method.Name} would be by ciphertext. Load the rows and order what Reveal() gives.");
            }

            return base.VisitMethodCall(node);
        }

        private static bool IsSealed(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Phi<>);
    }
}
