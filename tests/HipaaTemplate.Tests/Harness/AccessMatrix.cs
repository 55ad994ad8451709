using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Harness;

/// <summary>Every endpoint of a running host × every caller × every kind of id.</summary>
internal sealed class AccessMatrix(ApiHost api, AccessStage stage) : IDisposable
{
    private readonly ConcurrentQueue<WrongCell> wrong = new();
    private readonly HttpClient client = api.Anonymous();

    public int Cells { get; private set; }

    public async Task<IReadOnlyList<WrongCell>> FindWrongCellsAsync()
    {
        var rows = from route in Endpoints.Of(api)
                   join expectation in AccessExpectations.All on route.ToString() equals expectation.Endpoint
                   select (route, expectation);
        foreach (var (route, expectation) in rows)
        {
            var cells = (from caller in stage.Callers
                         from target in TargetsOf(expectation)
                         select new Cell(route, expectation, caller, target)).ToList();
            Cells += cells.Count;
            // First what may change nothing at all, then what may change its own tenant, tenant by tenant.
            foreach (var together in cells.GroupBy(cell => cell.Changes ? cell.Caller.Home.Value : Guid.Empty).OrderBy(g => g.Key))
            {
                await AskAsync([.. together]);
            }
        }

        return [.. wrong];
    }

    public void Dispose() => client.Dispose();

    private static Target[] TargetsOf(AccessExpectation expectation) => expectation is { Absent: null, TakesAnyId: false }
        ? [Target.None]
        : [Target.Own, Target.Colleagues, Target.AnotherTenants, Target.Absent, Target.Malformed];

    private async Task AskAsync(IReadOnlyList<Cell> cells)
    {
        var ids = await Task.WhenAll(cells.Select(IdAsync));
        var before = await stage.FingerprintsAsync();
        // One at a time where the handler says that a request has reached it, but not whose.
        var atOnce = cells[0].Expectation.Reached is null ? Environment.ProcessorCount : 1;
        await Parallel.ForEachAsync(
            cells.Zip(ids),
            new ParallelOptions { MaxDegreeOfParallelism = atOnce },
            async (one, _) => await AskAsync(one.First, one.Second));
        var after = await stage.FingerprintsAsync();
        foreach (var (tenant, stored) in before)
        {
            var mayChange = cells[0].Changes && cells[0].Caller.Home == tenant;
            if (stored != after[tenant] && !mayChange)
            {
                Complain(cells[0].Expectation, $"{cells[0].Route}: changed what it may not");
            }
            else if (stored == after[tenant] && mayChange)
            {
                Complain(cells[0].Expectation, $"{cells[0].Route}: changed nothing");
            }
        }
    }

    private async Task AskAsync(Cell cell, string id)
    {
        var path = Endpoints.PathOf(cell.Route.Endpoint.RoutePattern, _ => id);
        using var request = new HttpRequestMessage(new HttpMethod(cell.Route.Method), path);
        request.Headers.Authorization = cell.Caller.Token is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
        if (cell.Expectation.IfMatch is { } ifMatch)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        if (cell.Expectation.Body is { } newBody)
        {
            var text = cell.Changes ? stage.NewText(cell.Caller.Home) : $"refused-{Guid.CreateVersion7():N}";
            request.Content = JsonContent.Create(newBody(text), options: JsonSerializerOptions.Default);
        }

        using var response = await SendAsync(cell, request);
        if (response is not null)
        {
            await JudgeAsync(cell, response);
        }
    }

    /// <returns>Null where being let in was all that there is to see.</returns>
    private async Task<HttpResponseMessage?> SendAsync(Cell cell, HttpRequestMessage request)
    {
        if (cell.Refusal is not null || cell.Expectation.Reached is not { } reached)
        {
            return await client.SendAsync(request);
        }

        using var hangUp = new CancellationTokenSource();
        var answer = client.SendAsync(request, hangUp.Token);
        if (await Task.WhenAny(answer, reached(api)) == answer)
        {
            return await answer;
        }

        await hangUp.CancelAsync();
        await answer.ContinueWith(_ => { }, TaskScheduler.Default);
        return null;
    }

    private async Task JudgeAsync(Cell cell, HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        var code = response.Content.Headers.ContentType?.MediaType == "application/problem+json"
            ? JsonSerializer.Deserialize<JsonElement>(body).GetProperty("code").GetString()
            : null;
        if ((int)response.StatusCode != cell.Status || code != cell.Code)
        {
            Complain(cell, $"{(int)response.StatusCode} {code} where {cell.Status} {cell.Code} is right");
        }

        TenantId? entitled = cell.Caller.Refusal is null ? cell.Caller.Home : null;
        if (stage.ShowsOfAnother($"{response.Headers}{response.Content.Headers}{body}", entitled))
        {
            Complain(cell, "shows what another tenant stored");
        }

        if (cell is { Refusal: null, Expectation: { Method: "GET", Rows: not null } }
            && !stage.ShowsOf(body, cell.Caller.Home))
        {
            Complain(cell, "does not show what its own tenant stored");
        }
    }

    /// <summary>What is to be changed is stored for this one request.</summary>
    private async Task<string> IdAsync(Cell cell)
    {
        var rows = cell.Expectation.Rows;
        var home = stage.Clinics.Single(clinic => clinic.Id == cell.Caller.Home);
        var owner = cell.Target switch
        {
            Target.Own => cell.Caller.Owner,
            Target.Colleagues => AccessStage.ColleagueAt(home),
            Target.AnotherTenants => AccessStage.ColleagueAt(stage.Clinics.First(clinic => clinic != home)),
            _ => null,
        };
        return cell.Target switch
        {
            _ when rows is null && cell.Target != Target.Malformed => Guid.CreateVersion7().ToString(),
            _ when owner is not null && cell.Changes => (await stage.StoreAsync(rows!, owner)).Id,
            _ when owner is not null => stage.RowOf(rows!, owner).Id,
            Target.Malformed => "not-an-id",
            _ => Guid.CreateVersion7().ToString(),
        };
    }

    private void Complain(Cell cell, string what) => Complain(cell.Expectation, $"{cell}: {what}");

    private void Complain(AccessExpectation expectation, string what) =>
        wrong.Enqueue(new WrongCell(expectation.Endpoint, what));
}
