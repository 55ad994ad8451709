using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Harness;

/// <summary>Somebody whom the test issuer knows.</summary>
internal sealed record TestUser(string Subject, TenantId? Tenant, params string[] Roles);

/// <summary>A tenant made for one test, with one user of each role.</summary>
internal sealed record Clinic(TenantId Id, string Slug)
{
    public TestUser Doctor => User(HipaaTemplate.Platform.Authorization.Roles.Doctor);

    public TestUser Admin => User(HipaaTemplate.Platform.Authorization.Roles.Admin);

    public TestUser Auditor => User(HipaaTemplate.Platform.Authorization.Roles.Auditor);

    public TestUser Patient => User(HipaaTemplate.Platform.Authorization.Roles.Patient);

    public TestUser User(params string[] roles) => new($"{string.Join('-', roles)}@{Slug}", Id, roles);
}
