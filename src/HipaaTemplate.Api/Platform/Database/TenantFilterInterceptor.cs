using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Keeps the tenant filter on in every query. One that names it is refused, however that was spelled:
/// EF Core has put the value of each variable into the tree by the time it asks. So is one that names a
/// filter that there is not, because EF Core would say nothing and leave the one that was meant on.
/// </summary>
internal sealed class TenantFilterInterceptor : IQueryExpressionInterceptor
{
    public Expression QueryCompilationStarting(Expression queryExpression, QueryExpressionEventData eventData) =>
        new Guard(eventData.Context!).Visit(queryExpression);

    private sealed class Guard(DbContext context) : ExpressionVisitor
    {
        private static readonly MethodInfo IgnoreNamed = typeof(EntityFrameworkQueryableExtensions)
            .GetMethods().Single(method => method.Name == nameof(EntityFrameworkQueryableExtensions.IgnoreQueryFilters)
                && method.GetParameters().Length == 2);

        private readonly Lazy<HashSet<string?>> names = new(() =>
            [.. context.Model.GetEntityTypes().SelectMany(entity => entity.GetDeclaredQueryFilters()).Select(filter => filter.Key)]);

        protected override Expression VisitMethodCall(MethodCallExpression node)
        {
            if (node.Method.DeclaringType != typeof(EntityFrameworkQueryableExtensions)
                || node.Method.Name != nameof(EntityFrameworkQueryableExtensions.IgnoreQueryFilters))
            {
                return base.VisitMethodCall(node);
            }

            if (node.Arguments is [var source])
            {
                return IgnoreAllButTenant(node, Visit(source));
            }

            Check(node.Arguments[1]);
            return base.VisitMethodCall(node);
        }

        /// <summary>
        /// Our code cannot say it without names (BannedSymbols.txt), but EF Core does itself, in Reload
        /// and GetDatabaseValues.
        /// </summary>
        private Expression IgnoreAllButTenant(MethodCallExpression node, Expression source)
        {
            string[] others = [.. names.Value.OfType<string>().Where(name => name != Filters.Tenant)];
            return others.Length == 0
                ? source
                : Expression.Call(
                    IgnoreNamed.MakeGenericMethod(node.Method.GetGenericArguments()),
                    source,
                    Expression.Constant(others, typeof(IReadOnlyCollection<string>)));
        }

        private void Check(Expression argument)
        {
            if (argument is not ConstantExpression { Value: IEnumerable<string> ignored })
            {
                throw new TenantFilterException("IgnoreQueryFilters takes names that are known when the query is built.");
            }

            foreach (var name in ignored)
            {
                if (name == Filters.Tenant)
                {
                    throw new TenantFilterException(
                        "The tenant filter cannot be switched off. Work for several tenants enters each of them.");
                }

                if (!names.Value.Contains(name))
                {
                    throw new TenantFilterException($"No entity has a query filter {name}: use a constant of Filters.");
                }
            }
        }
    }
}

internal sealed class TenantFilterException(string message) : InvalidOperationException(message);
