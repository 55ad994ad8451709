using System.Net;
using System.Net.Sockets;
using HipaaTemplate.Platform.Authentication.Keys;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>An issuer's URL that a tenant chose leads to the public network or nowhere.</summary>
internal sealed class PublicNetworkTests
{
    private static readonly PublicNetwork Production = new(allowLoopback: false);

    [TestCase("127.0.0.1")]
    [TestCase("127.8.9.10")]
    [TestCase("0.0.0.0")]
    [TestCase("10.1.2.3")]
    [TestCase("100.64.0.1")]
    [TestCase("169.254.169.254")]
    [TestCase("172.16.0.1")]
    [TestCase("172.31.255.255")]
    [TestCase("192.168.1.1")]
    [TestCase("192.0.0.8")]
    [TestCase("198.18.0.1")]
    [TestCase("224.0.0.1")]
    [TestCase("255.255.255.255")]
    [TestCase("::")]
    [TestCase("::1")]
    [TestCase("::ffff:127.0.0.1")]
    [TestCase("::ffff:169.254.169.254")]
    [TestCase("::ffff:10.0.0.1")]
    [TestCase("::10.0.0.1")]
    [TestCase("64:ff9b::a00:1")]
    [TestCase("2002:a00:1::")]
    [TestCase("2001::1")]
    [TestCase("fc00::1")]
    [TestCase("fd00:ec2::254")]
    [TestCase("fe80::1")]
    [TestCase("fec0::1")]
    [TestCase("ff02::1")]
    public void An_address_that_is_not_public_is_refused(string address) =>
        Assert.That(Production.IsAllowed(IPAddress.Parse(address)), Is.False);

    [TestCase("8.8.8.8")]
    [TestCase("100.128.0.1")]
    [TestCase("172.32.0.1")]
    [TestCase("2606:4700::6810:85e5")]
    [TestCase("::ffff:8.8.8.8")]
    public void A_public_address_is_allowed(string address) =>
        Assert.That(Production.IsAllowed(IPAddress.Parse(address)), Is.True);

    [Test]
    public void In_development_this_machine_is_allowed_and_its_network_is_not() => Assert.Multiple(() =>
    {
        var development = new PublicNetwork(allowLoopback: true);
        Assert.That(development.IsAllowed(IPAddress.Loopback), Is.True);
        Assert.That(development.IsAllowed(IPAddress.IPv6Loopback), Is.True);
        Assert.That(development.IsAllowed(IPAddress.Parse("10.0.0.1")), Is.False);
        Assert.That(development.IsAllowed(IPAddress.Parse("169.254.169.254")), Is.False);
    });

    /// <summary>A name is looked up before it is judged: "localhost" is no address, and leads to one.</summary>
    [TestCase("localhost")]
    [TestCase("127.0.0.1")]
    [TestCase("[::1]")]
    [TestCase("2130706433")]
    [TestCase("0x7f000001")]
    [TestCase("127.1")]
    public async Task Nobody_on_this_machine_hears_from_it(string host)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var handler = new SocketsHttpHandler { ConnectCallback = Production.ConnectAsync, UseProxy = false };
        using var client = new HttpClient(handler);

        var failure = Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync($"http://{host}:{port}/"));

        Assert.That(failure!.GetBaseException(), Is.TypeOf<AddressRefusedException>());
        Assert.That(listener.Pending(), Is.False);
    }
}
