using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Platform.Protection.Erasure;

/// <summary>
/// What must go with a patient's key that the key does not cover: vectors made of the data, stored objects,
/// the row's place in lists. A feature registers one: <c>services.AddSingleton&lt;ISubjectErasure, …&gt;()</c>.
/// </summary>
internal interface ISubjectErasure
{
    /// <summary>What is counted, as the certificate names it: <c>patients</c>, <c>documents</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Runs inside the erasure's transaction, before the keys are destroyed: if it throws, nothing is erased. So
    /// whatever is outside of the database, and cannot be taken back, must come to the same when it is done twice.
    /// </summary>
    /// <returns>How many went.</returns>
    Task<int> EraseAsync(SubjectsToErase erased, CancellationToken ct);
}

/// <param name="Db">As hipaa_owner, in the tenant; it seals and opens nothing.</param>
/// <param name="Ids">Of the patients, one or all of a tenant: a query, to be part of another one.</param>
/// <param name="Now">Of the certificate.</param>
internal sealed record SubjectsToErase(AppDbContext Db, IQueryable<Guid> Ids, DateTimeOffset Now);
