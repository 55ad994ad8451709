using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>
/// Sends <see cref="PatientCanaries"/> to an API by every way that there is, right and wrong, and looks for them where
/// they must not be: in all heads of its answers, and in the bodies of its errors.
/// </summary>
internal sealed class PatientCanaryRun : IDisposable
{
    private const int LongerThanAnyField = 25_000;
    private const int LongerThanAnyBody = 1_200_000;

    private readonly ConcurrentBag<int> statuses = [];
    private readonly ConcurrentBag<string> leaks = [];
    private readonly HttpClient doctor;
    private readonly HttpClient admin;
    private readonly HttpClient stranger;
    private readonly HttpClient nobody;

    /// <param name="address">Of the API.</param>
    /// <param name="clinic">Whose patients they are.</param>
    /// <param name="other">Who must not have them.</param>
    public PatientCanaryRun(Uri address, Clinic clinic, Clinic other)
    {
        doctor = Client(address, clinic.Doctor);
        admin = Client(address, clinic.Admin);
        stranger = Client(address, other.Admin);
        nobody = Client(address, null);
    }

    public IReadOnlySet<int> Statuses => statuses.ToHashSet();

    /// <summary>Words where they must not be.</summary>
    public IReadOnlyCollection<string> Leaks => leaks;

    public int Count => statuses.Count;

    public void Dispose()
    {
        foreach (var client in new[] { doctor, admin, stranger, nobody })
        {
            client.Dispose();
        }
    }

    /// <summary>A patient's life: registered, found, read, corrected, refused in each way, removed; the second one stays.</summary>
    public async Task LiveAsync()
    {
        // A clinic's first key may take longer to be made, on a busy machine, than a caller is kept waiting.
        await Eventually.IsTrueAsync(async () => await RegisterAsync(PatientCalls.NewMrn()) == 201, "The clinic never got a key.");
        var (path, tag) = await CreateAsync(PatientCanaries.First);
        await SendAsync(doctor, "POST", PatientCalls.Path, PatientCanaries.Body(PatientCanaries.First));
        var (secondPath, secondTag) = await CreateAsync(PatientCanaries.Second);
        await SendAsync(doctor, "PUT", path, PatientCanaries.Body(PatientCanaries.Second), tag);
        await SendAsync(doctor, "PUT", path, PatientCanaries.Body(PatientCanaries.First), "\"999\"");
        await SendAsync(doctor, "PUT", path, PatientCanaries.Body(PatientCanaries.First), ifMatch: null);
        await SendAsync(doctor, "PUT", path, PatientCanaries.Body(PatientCanaries.First), PatientCanaries.First["mrn"]);
        await SendAsync(doctor, "PUT", path, PatientCanaries.Body(PatientCanaries.First).With("medical_history", PatientCanaries.Second["medical_history"]), tag);
        await SendAsync(doctor, "PUT", secondPath, PatientCanaries.Body(PatientCanaries.Second).With("given_name", PatientCanaries.First["given_name"]), secondTag);
        foreach (var words in new[] { PatientCanaries.First, PatientCanaries.Second })
        {
            await FindAsync(words);
        }

        foreach (var client in new[] { doctor, stranger, nobody })
        {
            await SendAsync(client, "GET", path);
            await SendAsync(client, "GET", $"{PatientCalls.Path}?limit=1");
            await SendAsync(client, "PUT", path, PatientCanaries.Body(PatientCanaries.First), "*");
            await SendAsync(client, "DELETE", path, ifMatch: "*");
        }

        await SendAsync(admin, "PATCH", path, PatientCanaries.Body(PatientCanaries.First));
        await SendAsync(admin, PatientCanaries.First["mrn"], path);
        await SendAsync(admin, "DELETE", path, ifMatch: "\"999\"");
        await SendAsync(admin, "DELETE", path, ifMatch: "*");
        await SendAsync(doctor, "GET", path);
    }

    /// <summary>The second patient, many at a time, until <paramref name="over"/>: whoever loses a connection says so and goes on.</summary>
    public Task WorkAsync(int callers, CancellationToken over) => Task.WhenAll(Enumerable.Range(0, callers).Select(async _ =>
    {
        while (!over.IsCancellationRequested)
        {
            await RegisterAsync(PatientCalls.NewMrn());
            await SendAsync(doctor, "POST", PatientCalls.Path, PatientCanaries.Body(PatientCanaries.Second));
            await SendAsync(doctor, "POST", $"{PatientCalls.Path}/search", new JsonObject { ["mrn"] = PatientCanaries.Second["mrn"] });
            await SendAsync(doctor, "GET", PatientCalls.Path);
        }
    }));

    /// <summary>Every operation with words wherever it may be given one, and each time something about it that is refused.</summary>
    public Task OffendAsync(IEnumerable<Operation> operations) => HostileRun.ForEachAsync(operations, async operation =>
    {
        var words = PatientCanaries.First.Concat(PatientCanaries.Second).Select(word => word.Value).ToList();
        var query = string.Join('&', words.Select((word, i) => $"{(operation.Query.Count > 0 ? operation.Query[i % operation.Query.Count] : "q")}={Uri.EscapeDataString(word)}"));
        foreach (var client in new[] { doctor, admin, stranger, nobody })
        {
            await SendAsync(client, operation.Method, $"{operation.Path}?{query}", operation.Body is null ? null : new JsonObject { ["kanari"] = words[0] });
        }

        if (operation.HasRouteParameters)
        {
            foreach (var word in words)
            {
                await SendAsync(doctor, operation.Method, operation.PathWith(_ => Uri.EscapeDataString(word)), ifMatch: "*");
            }
        }

        if (operation.Body is not null)
        {
            foreach (var word in words)
            {
                foreach (var body in Refused(operation, word))
                {
                    await SendAsync(doctor, operation.Method, operation.Path, body, "application/json");
                }
            }

            await SendAsync(doctor, operation.Method, operation.Path, Encoding.UTF8.GetBytes(words[1]), $"text/{PatientCanaries.First["mrn"]}");
            await SendAsync(doctor, operation.Method, operation.Path, Encoding.UTF8.GetBytes(Repeated(words[8], LongerThanAnyBody)), "application/json");
        }
    });

    public async Task FindAsync(IReadOnlyDictionary<string, string> words)
    {
        foreach (var search in new JsonObject[]
        {
            new() { ["mrn"] = words["mrn"] },
            new() { ["phone"] = words["phone"] },
            new() { ["email"] = words["email"] },
            new() { ["family_name"] = words["family_name"], ["birth_date"] = words["birth_date"] },
            new() { ["family_name"] = words["family_name"] },
            new() { ["mrn"] = words["mrn"], ["email"] = words["email"] },
        })
        {
            await SendAsync(doctor, "POST", $"{PatientCalls.Path}/search", search);
            await SendAsync(stranger, "POST", $"{PatientCalls.Path}/search", search);
        }
    }

    public Task<int> RegisterAsync(string mrn) =>
        SendAsync(doctor, "POST", PatientCalls.Path, PatientCanaries.Body(PatientCanaries.First).With("mrn", mrn));

    public Task<int> ListAsync() => SendAsync(doctor, "GET", PatientCalls.Path);

    /// <summary>Bodies that no operation takes, each with the word in every text of it in turn.</summary>
    private static IEnumerable<byte[]> Refused(Operation operation, string word)
    {
        var json = JsonSerializer.Serialize(word);
        foreach (var member in operation.Body!.Properties.Select(member => member.Name))
        {
            yield return HostileBodies.BodyWithRaw(operation, member, $"[{json}]");
            yield return HostileBodies.BodyWithRaw(operation, member, $"{json[..^1]}\\u0000\"");
            yield return HostileBodies.BodyWithRaw(operation, member, $"{json}{json}");
        }

        var first = operation.Body.Properties[0].Name;
        yield return HostileBodies.BodyWithRaw(operation, first, JsonSerializer.Serialize(Repeated(word, LongerThanAnyField)));
        yield return HostileBodies.BodyWithRaw(operation, first, $"\"x\",{json}:{json}");
        yield return Encoding.UTF8.GetBytes($"{{\"{first}\":{json}");
        yield return [.. Encoding.UTF8.GetBytes($"{{\"{first}\":{json[..^1]}"), 0xff, (byte)'"', (byte)'}'];
        yield return Encoding.UTF8.GetBytes(json);
    }

    private static string Repeated(string word, int length) => string.Concat(Enumerable.Repeat(word, (length / word.Length) + 1));

    private static HttpClient Client(Uri address, TestUser? user)
    {
        HttpClient client = new() { BaseAddress = address };
        if (user is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", App.Issuer.NewToken(user)
                .With("email", PatientCanaries.First["email"]).With("name", PatientCanaries.First["given_name"]).Sign());
        }

        foreach (var (header, word) in new[]
        {
            ("User-Agent", "mrn"), ("X-Patient", "phone"), ("Referer", "email"), ("X-Forwarded-For", "mrn"), ("traceparent", "mrn"),
            ("tracestate", "email"), ("Accept", "email"), ("Accept-Language", "mrn"), ("Origin", "email"), ("Idempotency-Key", "mrn"),
        })
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation(header, PatientCanaries.First[word]);
        }

        client.DefaultRequestHeaders.TryAddWithoutValidation("Cookie", $"patient={PatientCanaries.First["email"]}");
        // Not one that is taken over: an id has no spaces.
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-Request-Id", PatientCanaries.First["phone"]);
        client.DefaultRequestHeaders.TryAddWithoutValidation("baggage", $"mrn={PatientCanaries.First["mrn"]}");
        return client;
    }

    private async Task<(string Path, string? EntityTag)> CreateAsync(IReadOnlyDictionary<string, string> words)
    {
        using var response = await doctor.PostPatientAsync(PatientCanaries.Body(words));
        var patient = await response.ShouldBeJsonAsync(System.Net.HttpStatusCode.Created);
        await KeepAsync(response, "POST");
        Assert.That(patient.GetProperty("medical_history").GetString(), Is.EqualTo(words["medical_history"]));
        return ($"{PatientCalls.Path}/{patient.GetProperty("id").GetGuid()}", response.Headers.ETag?.ToString());
    }

    private Task<int> SendAsync(HttpClient client, string method, string path, JsonObject? body = null, string? ifMatch = null) =>
        SendAsync(client, method, path, body is null ? null : Encoding.UTF8.GetBytes(body.ToJsonString()), "application/json", ifMatch);

    private async Task<int> SendAsync(HttpClient client, string method, string path, byte[]? body, string contentType, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        try
        {
            using var response = await client.SendAsync(request);
            await KeepAsync(response, $"{method} {path}");
            return (int)response.StatusCode;
        }
        catch (HttpRequestException)
        {
            // Of a body that is too long the server stops reading.
            return 0;
        }
    }

    private async Task KeepAsync(HttpResponseMessage response, string request)
    {
        var body = await response.Content.ReadAsStringAsync();
        var answer = $"{(int)response.StatusCode}\n{response.Headers}{response.Content.Headers}\n{(response.IsSuccessStatusCode ? "" : body)}";
        statuses.Add((int)response.StatusCode);
        foreach (var word in PatientCanaries.Words.FindIn(answer))
        {
            leaks.Add($"{request}: {word} in {answer}");
        }
    }
}
