using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Tenancy;

internal sealed class TenantCacheTests
{
    private const int Maximum = 100;
    private static readonly TenantId Northwind = TenantId.From(Guid.CreateVersion7());
    private static readonly TenantId Southgate = TenantId.From(Guid.CreateVersion7());
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(10);

    private ManualTime time = null!;
    private TenantCache cache = null!;

    [SetUp]
    public void Start()
    {
        time = new ManualTime();
        cache = new TenantCache(time, Maximum);
    }

    [TearDown]
    public void Stop() => cache.Dispose();

    [Test]
    public async Task The_same_name_under_two_tenants_is_two_values()
    {
        Assert.That(await GetAsync(Northwind, "plan", "gold"), Is.EqualTo("gold"));
        Assert.That(await GetAsync(Southgate, "plan", "silver"), Is.EqualTo("silver"));

        Assert.That(await GetAsync(Northwind, "plan", "not asked for"), Is.EqualTo("gold"));
        Assert.That(await GetAsync(Southgate, "plan", "not asked for"), Is.EqualTo("silver"));
    }

    [Test]
    public async Task Two_names_of_a_tenant_are_two_values()
    {
        await GetAsync(Northwind, "plan", "gold");

        Assert.That(await GetAsync(Northwind, "Plan", "another"), Is.EqualTo("another"));
    }

    [Test]
    public async Task A_load_is_told_whose_value_it_is_to_load()
    {
        var loaded = await cache.GetOrLoadAsync(
            Southgate, "id", Freshness, (tenant, _) => Task.FromResult(tenant), CancellationToken.None);

        Assert.That(loaded, Is.EqualTo(Southgate));
    }

    [Test]
    public async Task A_value_is_kept_until_it_is_as_old_as_it_may_be()
    {
        await GetAsync(Northwind, "plan", "gold");

        time.Advance(Freshness - TimeSpan.FromTicks(1));
        Assert.That(await GetAsync(Northwind, "plan", "silver"), Is.EqualTo("gold"));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.That(await GetAsync(Northwind, "plan", "silver"), Is.EqualTo("silver"));
    }

    [Test]
    public async Task The_time_of_loading_counts_as_age()
    {
        await cache.GetOrLoadAsync(Northwind, "plan", Freshness, SlowAsync, CancellationToken.None);

        time.Advance(Freshness / 2);
        Assert.That(await GetAsync(Northwind, "plan", "silver"), Is.EqualTo("silver"));

        Task<string> SlowAsync(TenantId tenant, CancellationToken ct)
        {
            time.Advance(Freshness / 2);
            return Task.FromResult("gold");
        }
    }

    [Test]
    public async Task That_there_is_nothing_is_kept_too()
    {
        await GetAsync<string?>(Northwind, "plan", null);

        Assert.That(await GetAsync<string?>(Northwind, "plan", "gold"), Is.Null);
    }

    [Test]
    public async Task A_value_of_another_type_is_not_found()
    {
        await GetAsync(Northwind, "plan", "gold");

        Assert.That(await GetAsync(Northwind, "plan", 4711), Is.EqualTo(4711));
    }

    [Test]
    public async Task A_load_that_fails_leaves_nothing_behind()
    {
        Assert.That(
            async () => await cache.GetOrLoadAsync(
                Northwind, "plan", Freshness, (_, _) => Task.FromException<string>(new TimeoutException()), CancellationToken.None),
            Throws.TypeOf<TimeoutException>());

        Assert.That(await GetAsync(Northwind, "plan", "gold"), Is.EqualTo("gold"));
    }

    [Test]
    public async Task It_holds_no_more_than_its_bound_whoever_fills_it()
    {
        for (var i = 0; i < 10 * Maximum; i++)
        {
            var value = $"value {i}";
            Assert.That(await GetAsync(i % 2 == 0 ? Northwind : Southgate, $"name {i}", value), Is.EqualTo(value));
            Assert.That(cache.Count, Is.LessThanOrEqualTo(Maximum));
        }

        Assert.That(cache.Count, Is.Positive);
    }

    [Test]
    public async Task Many_callers_at_once_get_each_their_own_tenants_value()
    {
        await Parallel.ForAsync(0, 10_000, async (i, ct) =>
        {
            var tenant = i % 2 == 0 ? Northwind : Southgate;
            var value = await cache.GetOrLoadAsync(
                tenant, $"name {i % 7}", TimeSpan.FromTicks(i % 100), async (id, _) =>
                {
                    await Task.Yield();
                    time.Advance(TimeSpan.FromTicks(1));
                    return id;
                }, ct);
            Assert.That(value, Is.EqualTo(tenant));
        });
    }

    [Test]
    public void An_id_that_was_never_set_is_refused_before_anything_is_loaded()
    {
        var loads = 0;

        Assert.That(
            async () => await cache.GetOrLoadAsync(
                default, "plan", Freshness, (_, _) => Task.FromResult(++loads), CancellationToken.None),
            Throws.InvalidOperationException);
        Assert.That(loads, Is.Zero);
    }

    private async Task<T> GetAsync<T>(TenantId tenant, string name, T value) => await cache.GetOrLoadAsync(
        tenant, name, Freshness, (_, _) => Task.FromResult(value), CancellationToken.None);
}
