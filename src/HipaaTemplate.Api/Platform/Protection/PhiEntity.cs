using System.ComponentModel.DataAnnotations.Schema;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Protection;

/// <summary>
/// A row with a patient's data. Its texts, dates and blobs are <see cref="Phi{T}"/> with a
/// <see cref="PhiColumnAttribute"/>, or say why not; sealing, opening and the key come by themselves.
/// </summary>
internal abstract class PhiEntity : ITenantScoped
{
    [NotPhi("an id")]
    public TenantId TenantId { get; private set; }

    [NotPhi("an id")]
    public Guid Id { get; protected init; }

    /// <summary>The patient whose key this row is under, and with whom it is erased. A row about no patient is its own.</summary>
    public virtual Guid SubjectId => Id;

    /// <summary>For the audit trail: the row stays, and nobody sees it any more.</summary>
    [NotMapped]
    public virtual bool IsRemoved => false;

    /// <summary>Comes with every query of the entity, and is set when it is saved.</summary>
    public SubjectKey? SubjectKey { get; private set; }

    public Guid SubjectKeyId { get; private set; }

    /// <summary>For the interceptor that seals.</summary>
    internal void SealUnder(SubjectKey key) => SubjectKey = key;
}
