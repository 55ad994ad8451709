using System.Text.Json;

namespace HipaaTemplate.Tests.Platform.Tenancy;

/// <summary>Another tenant's row answers like one that was never there, to everybody who may ask.</summary>
internal sealed class IndistinguishableTests
{
    private const string NotValid = "{}";

    [Test]
    public async Task Another_tenants_row_answers_to_the_byte_like_an_absent_one()
    {
        await using var stage = await AccessStage.SetAsync(App.Api, App.DatabaseUrl);
        var before = await stage.FingerprintsAsync();
        var endpoints = AccessExpectations.All.Where(expectation => expectation.Absent is not null).ToList();
        Assert.That(endpoints, Is.Not.Empty);
        foreach (var expectation in endpoints)
        {
            foreach (var caller in stage.Callers.Where(caller => caller.Home == stage.Clinics[0].Id && MayCall(caller, expectation)))
            {
                await ShouldNotTellThemApartAsync(stage, expectation, caller);
            }
        }

        Assert.That(await stage.FingerprintsAsync(), Is.EqualTo(before));
    }

    private static bool MayCall(Caller caller, AccessExpectation expectation) =>
        caller.Refusal is null && caller.HasOneOf(expectation.Roles!);

    private static async Task ShouldNotTellThemApartAsync(AccessStage stage, AccessExpectation expectation, Caller caller)
    {
        using var client = App.Api.WithToken(caller.Token!);
        var theirs = stage.RowOf(expectation.Rows!, AccessStage.ColleagueAt(stage.Clinics[1]));
        var absent = Guid.CreateVersion7().ToString();
        foreach (var ifMatch in new[] { null, "*", theirs.EntityTag ?? "\"1\"", "\"7\"", "nonsense" })
        {
            foreach (var body in BodiesOf(expectation))
            {
                using var foreign = await SendAsync(client, expectation, theirs.Id, ifMatch, body);
                using var missing = await SendAsync(client, expectation, absent, ifMatch, body);
                var what = $"{expectation.Endpoint} by {caller.Name}, If-Match {ifMatch}, body {body}";
                await foreign.ShouldBeIndistinguishableFromAsync(missing, what);
                if (body != NotValid)
                {
                    Assert.That((int)foreign.StatusCode, Is.EqualTo(expectation.Absent!.Status), what);
                }
            }
        }
    }

    /// <summary>A valid one and one that is not: what is wrong with a body must not depend on the row.</summary>
    private static string?[] BodiesOf(AccessExpectation expectation) => expectation.Body is { } newBody
        ? [JsonSerializer.Serialize(newBody("an attempt"), JsonSerializerOptions.Default), NotValid]
        : [null];

    private static Task<HttpResponseMessage> SendAsync(
        HttpClient client, AccessExpectation expectation, string id, string? ifMatch, string? body)
    {
        var path = expectation.Endpoint.Split(' ')[1].Replace("{id}", id, StringComparison.Ordinal);
        var request = new HttpRequestMessage(new HttpMethod(expectation.Method), path)
        {
            Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
        };
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return client.SendAsync(request);
    }
}
