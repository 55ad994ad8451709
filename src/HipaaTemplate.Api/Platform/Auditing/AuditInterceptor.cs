using System.Data.Common;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>Tells the unit of work's <see cref="AccessRecord"/> which patients' rows are saved, and when.</summary>
internal sealed class AuditInterceptor : SaveChangesInterceptor, IDbTransactionInterceptor
{
    public override async ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        var db = (AppDbContext)eventData.Context!;
        var changes = db.ChangeTracker.Entries<PhiEntity>()
            .Where(entry => entry.State is EntityState.Added or EntityState.Modified or EntityState.Deleted)
            .Select(ChangeOf).ToList();
        if (db.Access is { } access)
        {
            await access.SavingAsync(changes, cancellationToken);
        }
        else if (changes.Count > 0)
        {
            throw new InvalidOperationException("Patients' data is saved in a tenant's unit of work only.");
        }

        return result;
    }

    public override ValueTask<int> SavedChangesAsync(
        SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        AccessOf(eventData)?.Saved();
        return ValueTask.FromResult(result);
    }

    public override Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        AccessOf(eventData)?.NotSaved();
        return Task.CompletedTask;
    }

    public override Task SaveChangesCanceledAsync(DbContextEventData eventData, CancellationToken cancellationToken = default)
    {
        AccessOf(eventData)?.NotSaved();
        return Task.CompletedTask;
    }

    public ValueTask<DbTransaction> TransactionStartedAsync(
        DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
    {
        AccessOf(eventData)?.Started();
        return ValueTask.FromResult(result);
    }

    public async ValueTask<InterceptionResult> TransactionCommittingAsync(
        DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        if (AccessOf(eventData) is { } access)
        {
            await access.CommittingAsync((NpgsqlTransaction)transaction, cancellationToken);
        }

        return result;
    }

    public Task TransactionCommittedAsync(
        DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        AccessOf(eventData)?.Committed();
        return Task.CompletedTask;
    }

    // What was saved before it would be committed without an event.
    public InterceptionResult TransactionCommitting(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result) =>
        throw new NotSupportedException("Transactions are committed asynchronously here: use the method that ends in Async.");

    private static AccessRecord? AccessOf(DbContextEventData eventData) => (eventData.Context as AppDbContext)?.Access;

    private static PhiChange ChangeOf(EntityEntry<PhiEntity> entry)
    {
        var access = entry.State switch
        {
            EntityState.Added => 'C',
            EntityState.Deleted => 'D',
            _ when entry.Entity.IsRemoved => 'D',
            _ => 'U',
        };
        return new PhiChange(
            new AuditedRecord(access, PhiTable.Of(entry.Entity.GetType()).Number, entry.Entity.Id), entry.Entity);
    }
}
