using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using HipaaTemplate.Features.Patients;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>A patient as the API answered it.</summary>
internal sealed record Stored(Guid Id, string EntityTag, JsonElement Body)
{
    public string Path => $"{PatientCalls.Path}/{Id}";
}

/// <summary>What these tests say to the API, and how they look at the row behind its answer.</summary>
internal static class PatientCalls
{
    public const string Path = "/api/v1/patients";

    /// <summary>The members that a patient must have, and nothing else.</summary>
    public static JsonObject Minimal(string? mrn = null) => new()
    {
        ["given_name"] = "Ada",
        ["family_name"] = "Berg",
        ["birth_date"] = "1980-02-29",
        ["mrn"] = mrn ?? NewMrn(),
    };

    public static JsonObject Full(string? mrn = null) => new()
    {
        ["given_name"] = "Maria",
        ["family_name"] = "Lindqvist",
        ["birth_date"] = "1931-12-01",
        ["sex"] = "female",
        ["mrn"] = mrn ?? NewMrn(),
        ["email"] = "maria@example.test",
        ["phone"] = "+46 (0)8 123-45.67",
        ["address"] = "Storgatan 1\n111 22 Stockholm",
        ["emergency_contact"] = "Nils Lindqvist, son\n+46 8 765 43 21",
        ["medical_history"] = "1998: appendectomy.\r\n2015: hypertension.\tLisinopril 10 mg.",
    };

    public static string NewMrn() => $"MRN-{Guid.CreateVersion7():N}";

    public static JsonObject With(this JsonObject body, string member, JsonNode? value)
    {
        body[member] = value;
        return body;
    }

    public static JsonObject Without(this JsonObject body, string member)
    {
        body.Remove(member);
        return body;
    }

    public static Task<HttpResponseMessage> PostPatientAsync(this HttpClient user, JsonObject body) =>
        user.PostAsync(Path, Json(body.ToJsonString()));

    public static Task<HttpResponseMessage> PostPatientAsync(this HttpClient user, string body) =>
        user.PostAsync(Path, Json(body));

    public static async Task<Stored> CreatePatientAsync(this HttpClient user, JsonObject? body = null)
    {
        var response = await user.PostPatientAsync(body ?? Minimal());
        var patient = await response.ShouldBeJsonAsync(HttpStatusCode.Created);
        return new Stored(patient.GetProperty("id").GetGuid(), response.Headers.ETag!.ToString(), patient);
    }

    /// <param name="value">The header as it is, well-formed or not; null for none.</param>
    public static Task<HttpResponseMessage> GetPatientAsync(this HttpClient user, Guid id, string header, string? value) =>
        user.SendAsync(new HttpRequestMessage(HttpMethod.Get, $"{Path}/{id}").With(header, value));

    /// <param name="ifMatch">The header as it is, well-formed or not; null for none.</param>
    public static Task<HttpResponseMessage> PutPatientAsync(
        this HttpClient user, Guid id, JsonObject body, string? ifMatch)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, $"{Path}/{id}") { Content = Json(body.ToJsonString()) };
        return user.SendAsync(request.With("If-Match", ifMatch));
    }

    public static Task<HttpResponseMessage> DeletePatientAsync(this HttpClient user, Guid id, string? ifMatch) =>
        user.SendAsync(new HttpRequestMessage(HttpMethod.Delete, $"{Path}/{id}").With("If-Match", ifMatch));

    public static StringContent Json(string text)
    {
        var content = new StringContent(text);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    /// <summary>A value of the patient's row as PostgreSQL has it; null when there is no such row.</summary>
    public static Task<object?> ReadColumnAsync(this Clinic clinic, Guid id, string column) =>
        ReadAsync(clinic.Id, $"SELECT {column} FROM app.patients WHERE id = '{id}'");

    /// <summary>What is sealed in the patient's row, removed or not, as the product opens it.</summary>
    public static async Task<T> RevealAsync<T>(this Clinic clinic, Guid id, Func<Patient, Phi<T>> column)
        where T : notnull
    {
        await using var work = TenantWork.Of(App.Api, clinic.Id);
        var patient = await work.Db.Patients.IgnoreQueryFilters([Filters.SoftDelete]).AsNoTracking().SingleAsync(p => p.Id == id);
        return column(patient).Reveal();
    }

    /// <summary>The clinic's rows, removed ones too.</summary>
    public static async Task<long> CountPatientsAsync(this Clinic clinic) =>
        (long)(await ReadAsync(clinic.Id, $"SELECT count(*) FROM app.patients WHERE tenant_id = '{clinic.Id}'"))!;

    public static async Task<long> CountAsync(this Clinic clinic, string condition) =>
        (long)(await ReadAsync(clinic.Id, $"SELECT count(*) FROM app.patients WHERE tenant_id = '{clinic.Id}' AND {condition}"))!;

    public static async Task<long> DistinctAsync(this Clinic clinic, string column) =>
        (long)(await ReadAsync(clinic.Id, $"SELECT count(DISTINCT {column}) FROM app.patients WHERE tenant_id = '{clinic.Id}'"))!;

    private static async Task<object?> ReadAsync(TenantId tenant, string sql)
    {
        var database = DatabaseUrl.Parse(App.DatabaseUrl).Database!;
        var connectionString = DatabaseUrl.Parse(App.Postgres.SuperuserUrlOf(database)).ConnectionString;
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        // A given server's login may be no superuser; then the policies hold for it as well.
        await App.Api.EnterAsync(connection, tenant);
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        return await command.ExecuteScalarAsync();
    }

    private static HttpRequestMessage With(this HttpRequestMessage request, string header, string? value)
    {
        if (value is not null)
        {
            request.Headers.TryAddWithoutValidation(header, value);
        }

        return request;
    }
}
