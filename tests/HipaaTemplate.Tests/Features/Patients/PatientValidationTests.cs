using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HipaaTemplate.Features.Patients;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Protection;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>What a patient's data must look like, and how a refusal says so.</summary>
internal sealed class PatientValidationTests
{
    private const string Canary = "kanarienvogel";
    private const string NoControls = "must not contain control characters";
    private Clinic clinic = null!;
    private HttpClient doctor = null!;

    private static IEnumerable<TestCaseData> InvalidMembers()
    {
        foreach (var (member, maximum) in new[] { ("given_name", 100), ("family_name", 100), ("mrn", 64) })
        {
            yield return Case(member, null, "is required", "null");
            yield return Case(member, "", "must not be blank", "empty");
            yield return Case(member, " \u00a0\u2003", "must not be blank", "blank");
            yield return Case(member, new string('x', maximum + 1), $"must have at most {maximum} characters", "too long");
            yield return Case(member, new string('x', 10_000), $"must have at most {maximum} characters", "10 kB");
            yield return Case(member, $"{Canary}\n", NoControls, "with a line break");
            yield return Case(member, $"{Canary}\0", NoControls, "with a NUL");
            yield return Case(member, $"{Canary}\u001b[31m", NoControls, "with an escape sequence");
            yield return Case(member, $"{Canary}\u0085", NoControls, "with a C1 control");
        }

        foreach (var (member, maximum) in new[]
            { ("address", 500), ("emergency_contact", 500), ("medical_history", 20_000) })
        {
            yield return Case(member, "  ", "must not be blank", "blank");
            yield return Case(member, new string('x', maximum + 1), $"must have at most {maximum} characters", "too long");
            yield return Case(member, $"{Canary}\0", NoControls, "with a NUL");
            yield return Case(member, $"{Canary}\u0007", NoControls, "with a bell");
        }

        const string email = "must be an e-mail address";
        yield return Case("email", Canary, email, "without @");
        yield return Case("email", $"@{Canary}", email, "without a mailbox");
        yield return Case("email", $"{Canary}@", email, "without a domain");
        yield return Case("email", $"{Canary}@a@b", email, "with two @");
        yield return Case("email", "", "must not be blank", "empty");
        yield return Case("email", $"{new string('x', 250)}@b.test", "must have at most 254 characters", "too long");
        yield return Case("email", $"{Canary}\u0007@b.test", NoControls, "with a bell");

        const string phone = "must be a phone number: digits, spaces and + - ( ) . only";
        yield return Case("phone", Canary, phone, "in letters");
        yield return Case("phone", "+", phone, "without digits");
        yield return Case("phone", "555-1234 ext. 5", phone, "with an extension");
        yield return Case("phone", "\u0665\u0665\u0665", phone, "in Arabic digits");
        yield return Case("phone", "555\n1234", NoControls, "on two lines");
        yield return Case("phone", "555 1234\n", NoControls, "with a line break at its end");
        yield return Case("phone", new string('5', 33), "must have at most 32 characters", "too long");

        const string birthDate = "must be a date between 1875 and today";
        var tomorrow = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(2);
        yield return Case("birth_date", null, "is required", "null");
        yield return Case("birth_date", tomorrow.ToString("yyyy-MM-dd"), birthDate, "in the future");
        yield return Case("birth_date", "9999-12-31", birthDate, "at the end of time");
        yield return Case("birth_date", "1874-12-31", birthDate, "before 1875");
        yield return Case("birth_date", "0001-01-01", birthDate, "in the year 1");
    }

    private static IEnumerable<TestCaseData> UnreadableBodies()
    {
        foreach (var (name, value) in new (string, string)[]
        {
            ("a birth date that is not a date", "\"birth_date\":\"kanarienvogel\""),
            ("a birth date that does not exist", "\"birth_date\":\"1981-02-29\""),
            ("a birth date with a time", "\"birth_date\":\"1980-01-01T00:00:00Z\""),
            ("a birth date in another notation", "\"birth_date\":\"01/02/1980\""),
            ("a birth date as a number", "\"birth_date\":19800101"),
            ("an unknown member", "\"kanarienvogel\":1"),
            ("a member in capitals", "\"Given_Name\":\"Ada\""),
            ("a tenant of the caller's choice", "\"tenant_id\":\"019a0000-0000-7000-8000-000000000000\""),
            ("an id of the caller's choice", "\"id\":\"019a0000-0000-7000-8000-000000000000\""),
            ("a member twice", "\"given_name\":\"kanarienvogel\""),
            ("a sex by number", "\"sex\":1"),
            ("a sex by number in quotes", "\"sex\":\"1\""),
            ("an unknown sex", "\"sex\":\"kanarienvogel\""),
            ("a sex in capitals", "\"sex\":\"FEMALE\""),
            ("two sexes", "\"sex\":\"female, male\""),
            ("an address as an object", "\"address\":{\"street\":\"kanarienvogel\"}"),
            ("an address as a list", "\"address\":[\"kanarienvogel\"]"),
            ("a phone as a number", "\"phone\":5551234"),
            ("a history as a boolean", "\"medical_history\":true"),
            ("half an emoji", "\"address\":\"kanarienvogel \\ud83d\""),
        })
        {
            var minimal = PatientCalls.Minimal().ToJsonString();
            // A member that is there already is replaced, except where twice is the point.
            var member = value.Split(':')[0].Trim('"');
            if (!name.EndsWith("twice", StringComparison.Ordinal))
            {
                minimal = PatientCalls.Minimal().Without(member).ToJsonString();
            }

            yield return new TestCaseData($"{minimal[..^1]},{value}}}") { TestName = $"A patient with {name} is refused" };
        }

        foreach (var (name, body) in new (string, string)[]
        {
            ("nothing", ""),
            ("null", "null"),
            ("a list", $"[{PatientCalls.Minimal().ToJsonString()}]"),
            ("a text", "\"kanarienvogel\""),
            ("a number", "1"),
            ("no JSON", "kanarienvogel"),
            ("half of the JSON", "{\"given_name\":\"kanarienvogel"),
            ("JSON with a comment", "{/*kanarienvogel*/}"),
            ("JSON with a trailing comma", $"{PatientCalls.Minimal().ToJsonString()[..^1]},}}"),
            ("two patients in a row", $"{PatientCalls.Minimal().ToJsonString()} {PatientCalls.Minimal().ToJsonString()}"),
            ("JSON nested 1,000 deep",
                $"{PatientCalls.Minimal().ToJsonString()[..^1]},\"x\":{new string('[', 1_000)}{new string(']', 1_000)}}}"),
        })
        {
            yield return new TestCaseData(body) { TestName = $"A body that is {name} is refused" };
        }
    }

    private static IEnumerable<TestCaseData> ValidMembers()
    {
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        foreach (var (member, value, name) in new (string, string, string)[]
        {
            ("given_name", "Zoë 👩🏽‍⚕️🇸🇪", "emoji"),
            ("family_name", "Noe\u0308l", "a combining accent"),
            ("family_name", "ابن خلدون", "Arabic letters"),
            ("family_name", "𠮷野", "letters outside the basic plane"),
            ("given_name", "X Æ A-12 O'Neill-\"Bob\" <b>&amp;\\", "signs that other formats trip over"),
            ("family_name", "'); DROP TABLE app.patients; --", "SQL in it"),
            ("given_name", new string('x', 100), "as many characters as a name may have"),
            ("medical_history", new string('x', 10_000), "10 kB of history"),
            ("medical_history", new string('\u6f22', 20_000), "the longest history, three bytes a character"),
            ("email", "a+b@b", "a short e-mail address"),
            ("phone", "112", "a short number"),
            ("birth_date", "1875-01-01", "the earliest birth date"),
            ("birth_date", today.ToString("yyyy-MM-dd"), "today's birth date"),
        })
        {
            yield return new TestCaseData(member, value) { TestName = $"A patient with {name} is stored as it was typed" };
        }
    }

    [OneTimeSetUp]
    public async Task OpenClinicAsync()
    {
        clinic = await App.NewClinicAsync();
        doctor = App.As(clinic.Doctor);
    }

    [OneTimeTearDown]
    public async Task NothingRefusedWasStoredAsync()
    {
        doctor.Dispose();
        Assert.That(await clinic.CountPatientsAsync(), Is.EqualTo(ValidMembers().Count()));
    }

    [TestCaseSource(nameof(InvalidMembers))]
    public async Task An_invalid_member(string member, JsonNode? value, string message)
    {
        using var response = await doctor.PostPatientAsync(PatientCalls.Full().With(member, value?.DeepClone()));

        await ShouldNameAsync(response, member, message);
    }

    [TestCase("given_name")]
    [TestCase("family_name")]
    [TestCase("birth_date")]
    [TestCase("mrn")]
    public async Task A_patient_without_a_required_member_is_refused_by_its_name(string member)
    {
        using var response = await doctor.PostPatientAsync(PatientCalls.Full().Without(member));

        await ShouldNameAsync(response, member, "is required");
    }

    [Test]
    public async Task Everything_that_is_wrong_is_named_at_once()
    {
        using var response = await doctor.PostPatientAsync("{}");

        var problem = await response.ShouldBeProblemAsync(400, RequestErrors.Invalid.Code);
        Assert.That(
            problem.GetProperty("errors").EnumerateObject().Select(error => error.Name),
            Is.EqualTo(new[] { "given_name", "family_name", "birth_date", "mrn" }));
    }

    [TestCaseSource(nameof(UnreadableBodies))]
    public async Task An_unreadable_body(string body)
    {
        using var response = await doctor.PostPatientAsync(body);

        var problem = await response.ShouldBeProblemAsync(400, RequestErrors.Malformed.Code);
        Assert.That(problem.GetRawText(), Does.Not.Contain(Canary));
    }

    [TestCaseSource(nameof(ValidMembers))]
    public async Task A_valid_member(string member, string value)
    {
        var stored = await doctor.CreatePatientAsync(PatientCalls.Full().With(member, value));

        using var read = await doctor.GetAsync(stored.Path);
        Assert.That((await read.ShouldBeJsonAsync()).GetProperty(member).GetString(), Is.EqualTo(value));
        Assert.That(await clinic.ReadColumnAsync(stored.Id, member), Has.ItemAt(0).EqualTo(Envelope.Format));
    }

    [TestCase(null)]
    [TestCase("text/plain")]
    [TestCase("application/xml")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("multipart/form-data; boundary=x")]
    [TestCase("application/json-patch")]
    public async Task A_patient_in_another_format_than_JSON_is_refused(string? contentType)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(PatientCalls.Minimal().ToJsonString()));
        content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);

        using var response = await doctor.PostAsync(PatientCalls.Path, content);

        await response.ShouldBeAsync(RequestErrors.UnsupportedMediaType);
    }

    [TestCase("application/json; charset=utf-7")]
    [TestCase("application/json; charset=utf-16")]
    [TestCase("application/json; charset=\"\"")]
    [TestCase("application/json; charset=\"utf-8\"")]
    [TestCase("application/json; charset=kanarienvogel")]
    public async Task A_patient_in_an_unknown_character_set_is_refused(string contentType)
    {
        var content = PatientCalls.Json(PatientCalls.Minimal().ToJsonString());
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);

        using var response = await doctor.PostAsync(PatientCalls.Path, content);

        await response.ShouldBeAsync(RequestErrors.UnsupportedMediaType);
    }

    [TestCase("application/json")]
    [TestCase("application/json; charset=utf-8")]
    [TestCase("application/json;charset=UTF-8")]
    [TestCase("application/fhir+json")]
    public async Task JSON_is_read_by_every_name_it_has(string contentType)
    {
        var content = PatientCalls.Json(PatientCalls.Minimal().ToJsonString());
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);

        using var response = await App.As((await App.NewClinicAsync()).Doctor).PostAsync(PatientCalls.Path, content);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Created));
    }

    [Test]
    public async Task Two_mebibytes_are_too_much()
    {
        var body = PatientCalls.Full().With("medical_history", new string('x', 2 * 1024 * 1024));
        using var request = new HttpRequestMessage(HttpMethod.Post, PatientCalls.Path)
        {
            Content = PatientCalls.Json(body.ToJsonString()),
        };
        // The server answers before it has read the body and closes; whoever still writes then sees a broken pipe.
        request.Headers.ExpectContinue = true;
        using var response = await doctor.SendAsync(request);

        await response.ShouldBeAsync(RequestErrors.TooLarge);
    }

    private static TestCaseData Case(string member, string? value, string message, string name) =>
        new(member, (JsonNode?)value, message)
        {
            TestName = $"A patient whose {member.Replace('_', ' ')} is {name} is refused by name",
        };

    private static async Task ShouldNameAsync(HttpResponseMessage response, string member, string message)
    {
        var problem = await response.ShouldBeProblemAsync(400, RequestErrors.Invalid.Code);
        var errors = problem.GetProperty("errors");
        Assert.That(errors.EnumerateObject().Select(error => error.Name), Is.EqualTo(new[] { member }));
        Assert.That(errors.GetProperty(member)[0].GetString(), Is.EqualTo(message));
        Assert.That(problem.GetRawText(), Does.Not.Contain(Canary));
    }
}
