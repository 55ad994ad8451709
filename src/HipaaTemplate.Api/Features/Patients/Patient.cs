using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
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

internal sealed class Patient : ITenantScoped
{
    public TenantId TenantId { get; private set; }

    public Guid Id { get; private init; }

    /// <summary>Counts changes; the ETag.</summary>
    public int Version { get; private set; }

    public required string GivenName { get; set; }

    public required string FamilyName { get; set; }

    public required DateOnly BirthDate { get; set; }

    public Sex Sex { get; set; }

    /// <summary>Medical record number, unique among the tenant's patients.</summary>
    public required string Mrn { get; set; }

    public string? Email { get; set; }

    public string? Phone { get; set; }

    public string? Address { get; set; }

    public string? EmergencyContact { get; set; }

    public string? MedicalHistory { get; set; }

    public DateTimeOffset CreatedAt { get; private init; }

    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>Set when an admin removed the patient; the row stays for the retention period.</summary>
    public DateTimeOffset? DeletedAt { get; private set; }

    public static Patient Create(PatientRequest request, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Version = 1,
        GivenName = request.GivenName!,
        FamilyName = request.FamilyName!,
        BirthDate = request.BirthDate!.Value,
        Sex = request.Sex ?? Sex.Unknown,
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
        Sex = request.Sex ?? Sex.Unknown;
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
        patient.Property(p => p.GivenName).HasMaxLength(PatientRequest.MaximumName);
        patient.Property(p => p.FamilyName).HasMaxLength(PatientRequest.MaximumName);
        patient.Property(p => p.Mrn).HasMaxLength(PatientRequest.MaximumMrn);
        patient.Property(p => p.Email).HasMaxLength(PatientRequest.MaximumEmail);
        patient.Property(p => p.Phone).HasMaxLength(PatientRequest.MaximumPhone);
        patient.Property(p => p.Address).HasMaxLength(PatientRequest.MaximumLine);
        patient.Property(p => p.EmergencyContact).HasMaxLength(PatientRequest.MaximumLine);
        patient.Property(p => p.MedicalHistory).HasMaxLength(PatientRequest.MaximumHistory);
        patient.Property(p => p.Version).IsConcurrencyToken();
        patient.HasQueryFilter(Filters.SoftDelete, p => p.DeletedAt == null);

        // A removed patient's number may be given to the record that replaces it.
        patient.HasIndex(p => p.Mrn).IsUnique().HasFilter("deleted_at IS NULL");
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
