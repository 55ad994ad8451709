using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Search;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Features.Patients;

/// <summary>Administrative sex (HL7 AdministrativeGender).</summary>
public enum Sex : short
{
    Unknown = 0,
    Female = 1,
    Male = 2,
    Other = 3,
}

[PhiTable(1, Class = DataClass.Profile)]
[BlindIndex(1, nameof(Mrn), Bits = BlindIndexAttribute.Whole, DistinctValues = 1_000_000, IsUnique = true, Where = StillThere)]
[BlindIndex(2, nameof(Email), Bits = 32, DistinctValues = 10_000_000_000)]
[BlindIndex(3, nameof(Phone), Bits = 32, DistinctValues = 10_000_000_000)]
[BlindIndex(4, nameof(FamilyName), nameof(BirthDate), Bits = 12, DistinctValues = 1_000_000)]
internal sealed class Patient : PhiEntity
{
    // A removed patient's number may be given to the record that replaces it.
    private const string StillThere = "deleted_at IS NULL";

    /// <summary>Counts changes; the ETag.</summary>
    public int Version { get; private set; }

    [PhiColumn(1)]
    public required Phi<string> GivenName { get; set; }

    [FamilyName]
    [PhiColumn(2, Normaliser = Normaliser.Name)]
    public required Phi<string> FamilyName { get; set; }

    [PhiColumn(3, Normaliser = Normaliser.Date)]
    public required Phi<DateOnly> BirthDate { get; set; }

    [PhiColumn(4, Bucket = 32)]
    public required Phi<Sex> Sex { get; set; }

    /// <summary>Medical record number, unique among the tenant's patients.</summary>
    [PhiColumn(5, Normaliser = Normaliser.Identifier)]
    public required Phi<string> Mrn { get; set; }

    [PhiColumn(6, Normaliser = Normaliser.Email)]
    public Phi<string>? Email { get; set; }

    [PhiColumn(7, Normaliser = Normaliser.Phone)]
    public Phi<string>? Phone { get; set; }

    [PhiColumn(8)]
    public Phi<string>? Address { get; set; }

    [PhiColumn(9)]
    public Phi<string>? EmergencyContact { get; set; }

    [PhiColumn(10)]
    public Phi<string>? MedicalHistory { get; set; }

    [NotPhi("when the row was made, not when anything was done to the patient; lists are in this order")]
    public DateTimeOffset CreatedAt { get; private init; }

    [NotPhi("when the row was changed")]
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>Set when an admin removed the patient; the row stays for the retention period.</summary>
    [NotPhi("when the row was removed from sight")]
    public DateTimeOffset? DeletedAt { get; private set; }

    public override bool IsRemoved => DeletedAt is not null;

    public static Patient Create(PatientRequest request, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Version = 1,
        GivenName = request.GivenName!,
        FamilyName = request.FamilyName!,
        BirthDate = request.BirthDate!.Value,
        Sex = request.Sex ?? Patients.Sex.Unknown,
        Mrn = request.Mrn!,
        Email = request.Email,
        Phone = request.Phone,
        Address = request.Address,
        EmergencyContact = request.EmergencyContact,
        MedicalHistory = request.MedicalHistory,
        CreatedAt = now,
        UpdatedAt = now,
    };

    public void Update(PatientRequest request, DateTimeOffset now)
    {
        GivenName = request.GivenName!;
        FamilyName = request.FamilyName!;
        BirthDate = request.BirthDate!.Value;
        Sex = request.Sex ?? Patients.Sex.Unknown;
        Mrn = request.Mrn!;
        Email = request.Email;
        Phone = request.Phone;
        Address = request.Address;
        EmergencyContact = request.EmergencyContact;
        MedicalHistory = request.MedicalHistory;
        Changed(now);
    }

    public void Delete(DateTimeOffset now)
    {
        DeletedAt = now;
        Changed(now);
    }

    internal static void Map(EntityTypeBuilder<Patient> patient)
    {
        patient.ToTable("patients");
        patient.Property(p => p.Version).IsConcurrencyToken();
        patient.HasQueryFilter(Filters.SoftDelete, p => p.DeletedAt == null);
    }

    private void Changed(DateTimeOffset now)
    {
        UpdatedAt = now;
        Version++;
    }
}

internal static class PatientSet
{
    extension(AppDbContext db)
    {
        public DbSet<Patient> Patients => db.Set<Patient>();
    }
}
