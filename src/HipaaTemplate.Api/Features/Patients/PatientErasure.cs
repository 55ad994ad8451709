using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Erasure;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.Patients;

/// <summary>The row stays, for what refers to its id, and out of sight: what is in it opens for nobody.</summary>
internal sealed class PatientErasure : ISubjectErasure
{
    public string Name => "patients";

    public Task<int> EraseAsync(SubjectsToErase erased, CancellationToken ct) => erased.Db.Patients
        .Where(patient => erased.Ids.Contains(patient.Id))
        .ExecuteUpdateAsync(
            set => set
                .SetProperty(patient => patient.DeletedAt, erased.Now)
                .SetProperty(patient => patient.UpdatedAt, erased.Now)
                .SetProperty(patient => patient.Version, patient => patient.Version + 1),
            ct);
}
