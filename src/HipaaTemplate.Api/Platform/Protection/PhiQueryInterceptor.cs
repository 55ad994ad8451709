using System.Linq.Expressions;
using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace HipaaTemplate.Platform.Protection;

/// <summary>
/// Refuses what PostgreSQL would do with ciphertext without complaint, and what would mean nothing: an order,
/// groups, the smallest, the different ones. And what changes rows that nobody names.
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
        new Visitor(eventData.Context is AppDbContext { Access: not null }).Visit(queryExpression);
        return queryExpression;
    }

    /// <param name="isRecorded">False for the owner's context, whose erasures are told by certificates.</param>
    private sealed class Visitor(bool isRecorded) : ExpressionVisitor
    {
        protected override Expression VisitMethodCall(MethodCallExpression node)
        {
            if (node.Method.DeclaringType == typeof(Queryable) && ByValue.Contains(node.Method.Name)
                && node.Method.GetGenericArguments().Any(IsSealed))
            {
                throw new InvalidOperationException(
                    $"{node.Method.Name} would be by ciphertext. Load the rows and order what Reveal() gives.");
            }

            if (isRecorded && node.Method.DeclaringType == typeof(EntityFrameworkQueryableExtensions)
                && node.Method.Name.StartsWith("Execute", StringComparison.Ordinal)
                && typeof(PhiEntity).IsAssignableFrom(node.Method.GetGenericArguments()[0]))
            {
                throw new InvalidOperationException(
                    $"{node.Method.Name} does not tell which patients' rows it changes. Load the rows, and the audit trail names them.");
            }

            return base.VisitMethodCall(node);
        }

        private static bool IsSealed(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Phi<>);
    }
}
