using HipaaTemplate.Features.AuditReview;
using HipaaTemplate.Features.AuditTrail;
using HipaaTemplate.Features.Patients;
using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Health;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Http;
using HipaaTemplate.Platform.Logging;
using HipaaTemplate.Platform.OpenApi;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Secrets;
using HipaaTemplate.Platform.Tenancy;

IFeature[] features =
[
    new PatientsFeature(),
    new AuditReviewFeature(),
    new AuditTrailFeature(),
];

var builder = WebApplication.CreateSlimBuilder(args);
builder.AddSecrets();
builder.AddFeatures(features);
builder.AddHosting();
builder.AddStructuredLogging();
builder.AddErrors();
builder.AddJson();
builder.AddCursors();
builder.AddTokenAuthentication();
builder.AddTenancy();
builder.AddPolicies();
builder.AddDatabase();
builder.AddProtection();
builder.AddAuditing();
builder.AddHealth();
builder.AddApiDescription();
builder.AddCommands();

return await builder.RunVerbAsync(args, app =>
{
    app.UsePipeline();
    app.MapHealth();
    app.MapApiDescription();
    app.MapAuthentication();
    app.MapFeatures();
});
