namespace HipaaTemplate.Tests.Platform.Tenancy.Pitfalls;

/// <summary>Two tenants of the product with one probe each.</summary>
internal sealed record TwoClinics(Clinic Own, Clinic Other, Guid OwnRow, Guid OtherRow)
{
    public static async Task<TwoClinics> StoreAsync(ApiHost api)
    {
        var (own, other) = (await App.NewClinicAsync(api), await App.NewClinicAsync(api));
        return new TwoClinics(own, other, await StoreAsync(api, own), await StoreAsync(api, other));
    }

    private static async Task<Guid> StoreAsync(ApiHost api, Clinic clinic)
    {
        await using var work = TenantWork.Of(api, clinic.Id);
        var probe = new Probe { Id = Guid.CreateVersion7(), Text = $"{clinic.Id}" };
        work.Db.Add(probe);
        await work.Db.SaveChangesAsync();
        return probe.Id;
    }
}
