using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Tests.Compliance;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Auditing.Alerts;

/// <summary>Each alert is delivered, signed, to whoever may be away for a day.</summary>
internal sealed class AlertWebhookTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string NextSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    private static readonly Func<HttpContext, Task>[] Failures =
    [
        WebhookReceiver.Status(500), WebhookReceiver.Status(410), WebhookReceiver.Status(304), WebhookReceiver.Reset, WebhookReceiver.Hang,
    ];

    private WebhookReceiver receiver = null!;
    private AlertStage stage = null!;
    private Clinic clinic = null!;
    private Guid user;

    [SetUp]
    public async Task StartAsync()
    {
        receiver = await WebhookReceiver.StartAsync();
        stage = await AlertStage.StartAsync(
            new()
            {
                ["AUDIT_ALERT_WEBHOOK_URL"] = receiver.Address.ToString(),
                ["AUDIT_ALERT_WEBHOOK_SECRET"] = $"{Secret},{NextSecret}",
                ["AUDIT_ALERT_REFUSED_SIGN_INS"] = "1",
            },
            // Those who hang are not worth ten seconds of a test.
            services => services.AddHttpClient(AlertWebhook.Client, client => client.Timeout = TimeSpan.FromSeconds(1)));
        clinic = await stage.NewClinicAsync();
        user = Guid.CreateVersion7();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await stage.DisposeAsync();
        await receiver.DisposeAsync();
    }

    /// <summary>The example of standard-webhooks' own libraries.</summary>
    [Test]
    public void The_signature_is_the_published_one() => Assert.That(
        WebhookSecret.Sign([Secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}"u8),
        Is.EqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));

    [Test]
    [Hipaa(Citations.ActivityReview)]
    [Hipaa(Citations.Alerts)]
    public async Task An_alert_is_told_once_and_signed_with_each_secret()
    {
        await RaiseAsync();
        await stage.DeliverAsync();
        await stage.DeliverAsync();

        var told = receiver.Requests.Single();
        var alert = (await stage.AlertsAsync(clinic.Id)).Single();
        Assert.Multiple(() =>
        {
            Assert.That(told.IsSignedWith(Secret) && told.IsSignedWith(NextSecret));
            Assert.That(told.IsSignedWith("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSX"), Is.False, "the check checks");
            Assert.That(told.Id, Is.EqualTo($"{alert.Id}"));
            Assert.That(told.At, Is.EqualTo(stage.Time.GetUtcNow()).Within(TimeSpan.FromSeconds(1)));
            Assert.That(told.Json.GetProperty("type").GetString(), Is.EqualTo("audit.alert.raised"));
            Assert.That(told.Json.GetProperty("data").EnumerateObject().Select(member => member.Name), Is.EquivalentTo(new[]
            {
                "id", "tenant", "rule", "subject", "first_event_id", "first_at", "last_event_id", "last_at", "events", "patient_count",
            }));
            Assert.That(told.Json.GetProperty("data").GetProperty("rule").GetString(), Is.EqualTo("emergency"));
            Assert.That(told.Json.GetProperty("data").GetProperty("subject").GetString(), Is.EqualTo($"{user}"));
            Assert.That((alert.Attempts, alert.NextAttemptAt), Is.EqualTo((1, (DateTimeOffset?)null)));
            Assert.That(alert.DeliveredAt, Is.Not.Null);
        });
    }

    [TestCaseSource(nameof(Failures))]
    public async Task One_that_is_not_taken_is_told_again_later_under_the_same_id(Func<HttpContext, Task> failure)
    {
        await RaiseAsync();
        receiver.Answers.Enqueue(failure);
        await stage.DeliverAsync();
        await stage.DeliverAsync();
        Assert.That(receiver.Requests, Has.Count.EqualTo(1), "not at once");
        Assert.That((await stage.AlertsAsync(clinic.Id)).Single().DeliveredAt, Is.Null);

        stage.Time.Advance(AlertDeliveries.FirstPause * 1.2);
        await stage.DeliverAsync();
        Assert.That(receiver.Requests.Select(told => told.Id).Distinct().Count(), Is.EqualTo(1));
        Assert.That(receiver.Requests.Last().At, Is.GreaterThan(receiver.Requests.First().At));
        Assert.That(receiver.Requests, Has.All.Matches<Received>(told => told.IsSignedWith(Secret)));
        Assert.That((await stage.AlertsAsync(clinic.Id)).Single().DeliveredAt, Is.Not.Null);
    }

    [TestCase(301)]
    [TestCase(302)]
    [TestCase(307)]
    [TestCase(308)]
    public async Task A_redirect_is_not_followed(int status)
    {
        await using var elsewhere = await WebhookReceiver.StartAsync();
        await RaiseAsync();
        receiver.Answers.Enqueue(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = elsewhere.Address.ToString();
            return Task.CompletedTask;
        });
        await stage.DeliverAsync();
        Assert.That(elsewhere.Requests, Is.Empty);
        Assert.That((await stage.AlertsAsync(clinic.Id)).Single().DeliveredAt, Is.Null);
    }

    [Test]
    public async Task One_that_is_never_taken_is_given_up_after_a_day_and_the_log_says_so()
    {
        await RaiseAsync();
        var raised = stage.Time.GetUtcNow();
        while ((await stage.AlertsAsync(clinic.Id)).Single().NextAttemptAt is { } next)
        {
            Assert.That(next - raised, Is.LessThan(AlertDeliveries.Limit));
            stage.Time.Advance(next - stage.Time.GetUtcNow() + TimeSpan.FromMilliseconds(1));
            receiver.Answers.Enqueue(WebhookReceiver.Status(500));
            await stage.DeliverAsync();
        }

        Assert.Multiple(() =>
        {
            Assert.That(stage.Time.GetUtcNow() - raised, Is.GreaterThan(AlertDeliveries.Limit - (2 * AlertDeliveries.LongestPause)));
            Assert.That(receiver.Requests, Has.Count.InRange(25, 60));
            Assert.That(stage.Log.Lines, Has.One.Contains("SECURITY: the webhook did not take alert {AlertId}"));
        });
    }

    [Test]
    public async Task Several_who_deliver_at_once_do_not_tell_it_twice()
    {
        for (var i = 0; i < 20; i++)
        {
            await stage.WriteEmergencyAsync(clinic, Guid.CreateVersion7());
        }

        await stage.LookAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            while (await stage.DeliverAsync())
            {
            }
        }));
        Assert.That(receiver.Requests.Select(told => told.Id), Is.Unique);
        Assert.That(receiver.Requests, Has.Count.EqualTo(20));
    }

    [Test]
    public async Task Who_dies_while_he_tells_it_leaves_it_to_be_told_again()
    {
        await RaiseAsync();
        using var death = new CancellationTokenSource();
        receiver.Answers.Enqueue(async context =>
        {
            await death.CancelAsync();
            await WebhookReceiver.Hang(context);
        });
        Assert.That(() => stage.DeliverAsync(death.Token), Throws.InstanceOf<OperationCanceledException>());
        await stage.DeliverAsync();
        Assert.That(receiver.Requests, Has.Count.EqualTo(1), "somebody may be at it still");
        stage.Time.Advance(TimeSpan.FromMinutes(1));
        await stage.DeliverAsync();
        Assert.That(receiver.Requests.Select(told => told.Id).Distinct().Count(), Is.EqualTo(1));
        Assert.That((await stage.AlertsAsync(clinic.Id)).Single().DeliveredAt, Is.Not.Null);
    }

    [Test]
    public async Task One_that_fails_does_not_keep_another_from_being_told()
    {
        await RaiseAsync();
        await stage.WriteEmergencyAsync(clinic, Guid.CreateVersion7());
        await stage.LookAsync();
        receiver.Answers.Enqueue(WebhookReceiver.Status(500));
        await stage.DeliverAsync();
        await stage.DeliverAsync();
        Assert.That((await stage.AlertsAsync(clinic.Id)).Count(alert => alert.DeliveredAt is not null), Is.EqualTo(1));
    }

    [Test]
    public async Task The_platforms_alerts_are_told_too()
    {
        using var stranger = stage.Api.WithToken("e30.e30.e30");
        using var refused = await stranger.GetAsync(ProbeFeature.Path);
        await stage.LookAsync();
        await stage.DeliverAsync();
        Assert.That(receiver.Requests.Single().Json.GetProperty("data").GetProperty("tenant").GetString(), Is.EqualTo($"{AuditEntry.Platform}"));
    }

    private async Task RaiseAsync()
    {
        await stage.WriteEmergencyAsync(clinic, user);
        await stage.LookAsync();
    }
}
