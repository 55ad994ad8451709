using System.Net;
using System.Net.Sockets;
using HipaaTemplate.Platform.Authentication.Issuers;

namespace HipaaTemplate.Platform.Authentication.Keys;

/// <summary>What an issuer publishes about itself.</summary>
/// <param name="Keys">To check its signatures with.</param>
/// <param name="AuthorizationEndpoint">Where a browser signs in; null when the discovery document was not read.</param>
/// <param name="TokenEndpoint">Where a code becomes a token; null likewise.</param>
internal sealed record IssuerDocument(KeySet Keys, Uri? AuthorizationEndpoint, Uri? TokenEndpoint);

/// <summary>Why the documents of an issuer are of no use: a word for the log, nothing of their content.</summary>
internal sealed class IssuerDocumentException(string reason, Exception? inner = null) : Exception(reason, inner);

/// <summary>
/// Reads discovery document and keys. Neither is believed about more than it may say: the issuer must be the
/// one that was asked, addresses are https where its own is, answers have a limit and redirects are refused.
/// </summary>
internal sealed class IssuerDocuments(IHttpClientFactory clients, bool allowPlainHttp)
{
    /// <summary>Of issuers that the deployment's settings name.</summary>
    public const string OperatorsClient = "issuers of the operator";

    /// <summary>Of issuers in the database: it does not connect to the deployment's own network.</summary>
    public const string TenantsClient = "issuers of tenants";

    private const int MostBytes = 1024 * 1024;
    private const int Depth = 16;

    /// <exception cref="IssuerDocumentException">Nothing that could be used.</exception>
    public async Task<IssuerDocument> ReadAsync(IssuerRegistration issuer, string clientName, CancellationToken ct)
    {
        using var client = clients.CreateClient(clientName);
        var keysAddress = issuer.KeysAddress;
        Uri? authorization = null;
        Uri? token = null;
        if (keysAddress is null)
        {
            var discovery = await ReadJsonAsync(client, issuer.DiscoveryAddress, ct);
            // Discovery §4.3. Without it a document could hand out keys in somebody else's name.
            if (!discovery.TryGetString("issuer", out var stated) || stated != issuer.Issuer)
            {
                throw new IssuerDocumentException("issuer_mismatch");
            }

            keysAddress = AddressOf(discovery, "jwks_uri", issuer) ?? throw new IssuerDocumentException("no_address_of_keys");
            authorization = AddressOf(discovery, "authorization_endpoint", issuer);
            token = AddressOf(discovery, "token_endpoint", issuer);
        }

        var keys = KeySet.TryRead(await ReadJsonAsync(client, keysAddress, ct))
            ?? throw new IssuerDocumentException("no_key_of_use");
        return new IssuerDocument(keys, authorization, token);
    }

    /// <summary>An https issuer cannot send us to plain http.</summary>
    private Uri? AddressOf(System.Text.Json.JsonElement discovery, string member, IssuerRegistration issuer) =>
        discovery.TryGetString(member, out var text)
        && Uri.TryCreate(text, UriKind.Absolute, out var address)
        && IssuerRules.IsAddress(address, allowPlainHttp && issuer.DiscoveryAddress.Scheme == Uri.UriSchemeHttp)
            ? address
            : null;

    private static async Task<System.Text.Json.JsonElement> ReadJsonAsync(HttpClient client, Uri address, CancellationToken ct)
    {
        try
        {
            using var response = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, ct);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new IssuerDocumentException($"status_{(int)response.StatusCode}");
            }

            await using var content = await response.Content.ReadAsStreamAsync(ct);
            var bytes = await ReadLimitedAsync(content, ct);
            return StrictJson.TryParseObject(bytes.Span, Depth, out var json)
                ? json
                : throw new IssuerDocumentException("not_json");
        }
        catch (OperationCanceledException e)
        {
            throw new IssuerDocumentException("timeout", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            throw new IssuerDocumentException(
                e.GetBaseException() is AddressRefusedException ? "address_refused" : "no_connection", e);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadLimitedAsync(Stream content, CancellationToken ct)
    {
        using var read = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await content.ReadAsync(buffer, ct)) > 0)
        {
            if (read.Length + count > MostBytes)
            {
                throw new IssuerDocumentException("too_large");
            }

            read.Write(buffer, 0, count);
        }

        return read.GetBuffer().AsMemory(0, (int)read.Length);
    }
}
