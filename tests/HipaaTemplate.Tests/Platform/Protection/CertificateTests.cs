using System.Buffers.Text;
using System.Diagnostics;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Protection.Signing;
using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Protection.Erasure;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>A certificate says what was erased, nobody can change it, and anybody can check it.</summary>
[Hipaa(Citations.Media)]
internal sealed class CertificateTests
{
    private ErasureStage stage = null!;
    private Clinic clinic = null!;
    private SealedProbe probe = null!;
    private string file = null!;
    private string pem = null!;

    [OneTimeSetUp]
    public async Task OpenAsync()
    {
        stage = await ErasureStage.OpenAsync();
        clinic = await App.NewClinicAsync(stage.Api);
        probe = await stage.AddAsync(clinic);
        file = await stage.ErasePatientAsync(clinic, probe.Id);
        var printed = await stage.RunAsync("keys", "certificate", "public-key");
        Assert.That((printed.ExitCode, printed.Output), Is.EqualTo((0, printed.Output)), printed.Errors);
        pem = stage.Write(printed.Output);
    }

    [OneTimeTearDown]
    public ValueTask CloseAsync() => stage.DisposeAsync();

    [Test]
    public async Task It_says_what_was_erased_when_by_whom_and_until_when_a_backup_has_it()
    {
        var payload = ErasureStage.PayloadOf(file);
        var key = await stage.Dba.ScalarAsync<Guid>($"SELECT id FROM keys.subject_keys WHERE subject_id = '{probe.Id}'");
        var at = payload.GetProperty("erased_at").GetDateTimeOffset();
        Assert.Multiple(() =>
        {
            Assert.That(payload.GetProperty("erased").GetString(), Is.EqualTo("patient"));
            Assert.That(payload.GetProperty("patient_id").GetGuid(), Is.EqualTo(probe.Id));
            Assert.That(payload.GetProperty("tenant_id").GetGuid(), Is.EqualTo(clinic.Id.Value));
            Assert.That(payload.GetProperty("tenant_slug").GetString(), Is.EqualTo(clinic.Slug));
            Assert.That(payload.GetProperty("keys").GetRawText(), Is.EqualTo($$"""[{"id":"{{key}}","version":1}]"""));
            Assert.That(payload.GetProperty("patient_keys").GetInt32(), Is.EqualTo(1));
            Assert.That(
                payload.GetProperty("tables").GetRawText(),
                Is.EqualTo("""[{"table":"app.sealed_notes","rows":1,"index_values":0},{"table":"app.sealed_probes","rows":1,"index_values":2}]"""));
            Assert.That(at, Is.EqualTo(TimeProvider.System.GetUtcNow()).Within(TimeSpan.FromMinutes(5)));
            Assert.That(payload.GetProperty("backups_expire_at").GetDateTimeOffset(), Is.EqualTo(at.AddDays(35)));
            Assert.That(payload.GetProperty("erased_by").GetString(), Is.EqualTo(HipaaTemplate.Platform.Database.DatabaseUrl.Parse(stage.Url).Username));
            Assert.That(payload.GetProperty("build").GetString(), Does.Match(@"^\d+\.\d+\.\d+"));
        });
    }

    [Test]
    public void It_holds_nothing_of_the_patient()
    {
        var text = File.ReadAllText(file) + ErasureStage.PayloadOf(file).GetRawText();
        Assert.That(text, Does.Not.Contain("Lindqvist").And.Not.Contain("a note").And.Not.Contain("code-").And.Not.Contain("1931"));
    }

    [Test]
    public async Task It_is_a_flattened_jws_under_the_keys_thumbprint()
    {
        var jws = ErasureStage.Jws(file);
        var header = JsonNode.Parse(Base64Url.DecodeFromChars(jws["protected"]!.GetValue<string>()))!;
        using var key = ECDsa.Create();
        key.ImportFromPem(await File.ReadAllTextAsync(pem));
        var point = key.ExportParameters(false).Q;
        // RFC 7638 §3: by hand, in one line.
        var jwk = $$"""{"crv":"P-256","kty":"EC","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}""";
        Assert.Multiple(() =>
        {
            Assert.That(jws.Select(member => member.Key), Is.EquivalentTo(new[] { "payload", "protected", "signature" }));
            Assert.That(header["alg"]!.GetValue<string>(), Is.EqualTo("ES256"));
            Assert.That(header["kid"]!.GetValue<string>(), Is.EqualTo(Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(jwk)))));
        });
    }

    [Test]
    public async Task The_verb_finds_it_genuine_with_the_database_and_without_one()
    {
        var known = await stage.RunAsync("keys", "certificate", "verify", file);
        Assert.That(known.ExitCode, Is.Zero, known.Errors);
        Assert.That(known.Output, Does.StartWith("genuine\n").And.Contain($"patient {probe.Id} of tenant {clinic.Slug}"));

        var offline = await ApiProcess.RunAsync(new Dictionary<string, string>(), "keys", "certificate", "verify", file, "--public-key", pem);
        Assert.That(offline.ExitCode, Is.Zero, offline.Errors);
        Assert.That(offline.Output, Is.EqualTo(known.Output));
    }

    [Test]
    public async Task Verifying_does_not_ask_the_key_provider()
    {
        var settings = ApiProcess.Settings(stage.Url, App.Issuer);
        settings["KEY_LOCAL_FILE"] = "/nowhere/at/all";
        Assert.That((await ApiProcess.RunAsync(settings, "keys", "certificate", "verify", file)).ExitCode, Is.Zero);
        Assert.That(
            (await ApiProcess.RunAsync(settings, "keys", "erase", "--patient", probe.Id.ToString(), "--tenant", clinic.Slug)).ExitCode,
            Is.EqualTo(1), "and to erase asks it");
    }

    [TestCase("payload")]
    [TestCase("signature")]
    [TestCase("protected")]
    public async Task No_byte_of_it_can_be_changed(string part)
    {
        var jws = ErasureStage.Jws(file);
        Assert.That(await stage.VerifyAsync(jws.ToJsonString()), Is.Not.Null, "as it is");
        var bytes = Base64Url.DecodeFromChars(jws[part]!.GetValue<string>());
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (var bit in new[] { 0x01, 0x80 })
            {
                var changed = bytes.ToArray();
                changed[i] ^= (byte)bit;
                jws[part] = Base64Url.EncodeToString(changed);
                Assert.That(await stage.VerifyAsync(jws.ToJsonString()), Is.Null, $"byte {i}");
            }
        }
    }

    /// <summary>Nor can it be written in another way.</summary>
    [Test]
    public async Task It_has_one_spelling()
    {
        var jws = ErasureStage.Jws(file);
        var text = jws.ToJsonString();
        var signature = jws["signature"]!.GetValue<string>();
        string[] others =
        [
            "", "{}", "null", "nonsense", text + "x",
            text.Replace(signature, signature + "==", StringComparison.Ordinal),
            text.Replace(signature, signature[..^1], StringComparison.Ordinal),
            text.Replace(signature, "", StringComparison.Ordinal),
            // 64 bytes leave four bits of the last character over.
            text.Replace(signature, signature[..^1] + (char)(signature[^1] + 1), StringComparison.Ordinal),
            text.Replace("{", """{"header":{"alg":"ES256"},""", StringComparison.Ordinal),
            text.Replace("}", ""","payload":"e30"}""", StringComparison.Ordinal),
        ];
        foreach (var other in others)
        {
            Assert.That(await stage.VerifyAsync(other), Is.Null, other);
        }
    }

    [Test]
    public async Task The_verb_ends_with_2_when_it_was_changed_or_another_key_signed_it()
    {
        var jws = ErasureStage.Jws(file);
        var payload = Base64Url.DecodeFromChars(jws["payload"]!.GetValue<string>());
        jws["payload"] = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(payload).Replace(clinic.Slug, "some-other-clinic", StringComparison.Ordinal)));
        var changed = stage.Write(jws.ToJsonString());
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var strange = stage.Write(key.ExportSubjectPublicKeyInfoPem());
        using var forger = SigningKeyPair.Make();
        var forged = stage.Write(SignedCertificate.Sign((await stage.VerifyAsync(await File.ReadAllTextAsync(file)))!, forger));

        foreach (var words in new[]
        {
            new[] { "verify", changed }, ["verify", changed, "--public-key", pem],
            ["verify", file, "--public-key", strange], ["verify", forged], ["verify", forged, "--public-key", pem],
        })
        {
            Assert.That(await stage.KeysAsync(["certificate", .. words]), Is.EqualTo(2), string.Join(' ', words));
        }

        Assert.That(await stage.KeysAsync("erase", "--certificate", changed), Is.EqualTo(2));
        Assert.That(await stage.KeysAsync("erase", "--certificate", forged), Is.EqualTo(2));
        Assert.That(
            () => stage.KeysAsync("certificate", "verify", stage.NewFile()), Throws.InstanceOf<CommandException>().With.Message.Contains("cannot be read"));
        Assert.That(
            () => stage.KeysAsync("certificate", "verify", file, "--public-key", file), Throws.InstanceOf<CommandException>().With.Message.Contains("PEM"));
    }

    /// <summary>An outsider has openssl, the file and the public key.</summary>
    [Test]
    public async Task Openssl_finds_it_genuine_too()
    {
        var jws = ErasureStage.Jws(file);
        var signature = Base64Url.DecodeFromChars(jws["signature"]!.GetValue<string>());
        var signed = stage.Write($"{jws["protected"]!.GetValue<string>()}.{jws["payload"]!.GetValue<string>()}");
        Assert.That(await OpensslAsync(signed, signature), Is.EqualTo("Verified OK"));

        signature[10] ^= 1;
        Assert.That(await OpensslAsync(signed, signature), Is.EqualTo("Verification failure"));
    }

    /// <summary>The line that docs/how-to/erase-a-patient.md gives to outsiders, as it stands there.</summary>
    [Test]
    public async Task The_line_of_the_docs_finds_it_genuine_too()
    {
        var line = File.ReadLines(Repository.PathOf("docs", "how-to", "erase-a-patient.md")).Single(text => text.Contains("node -e", StringComparison.Ordinal));
        var folder = Directory.CreateTempSubdirectory("hipaa-docs-").FullName;
        try
        {
            File.Copy(file, Path.Combine(folder, "erased.json"));
            File.Copy(pem, Path.Combine(folder, "erasure-key.pem"));
            Assert.That(await RunAsync("sh", ["-c", line], folder), Is.EqualTo("true"));

            var text = await File.ReadAllTextAsync(file);
            await File.WriteAllTextAsync(
                Path.Combine(folder, "erased.json"), text.Replace("\"payload\":\"ey", "\"payload\":\"ez", StringComparison.Ordinal));
            Assert.That(await RunAsync("sh", ["-c", line], folder), Is.EqualTo("false"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>
    /// The binary itself does not know the tests' tables: like those of a feature that was deleted, they are in
    /// the database and in no model, and their hashes go all the same.
    /// </summary>
    [Test]
    public async Task Standard_output_is_the_certificate_and_nothing_else()
    {
        var other = await stage.AddAsync(clinic);
        var result = await stage.RunAsync("keys", "erase", "--patient", other.Id.ToString(), "--tenant", clinic.Slug);
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(await stage.VerifyAsync(result.Output), Has.Property("PatientId").EqualTo(other.Id));
        Assert.That(result.Errors, Does.Contain($"erased: patient {other.Id}").And.Contain("app.sealed_probes: 1 rows under them, 2 index values"));
        Assert.That(await stage.RawAsync<bool>("app.sealed_probes", "code_index_a IS NULL AND note_day_index_a IS NULL", other.Id), Is.True);
    }

    [Test]
    public async Task The_private_key_is_sealed_and_one_that_was_changed_signs_nothing()
    {
        var stored = await stage.Dba.ScalarAsync<byte[]>("SELECT private_key FROM keys.signing_keys");
        using var key = ECDsa.Create();
        Assert.That(() => key.ImportPkcs8PrivateKey(stored, out _), Throws.InstanceOf<CryptographicException>());

        await stage.Dba.ExecuteAsync("UPDATE keys.signing_keys SET private_key = set_byte(private_key, 30, get_byte(private_key, 30) # 1)");
        try
        {
            var next = await stage.AddAsync(clinic);
            Assert.That(
                () => stage.KeysAsync("erase", "--patient", next.Id.ToString(), "--tenant", clinic.Slug),
                Throws.InstanceOf<CommandException>().With.Message.Contains("nothing was erased (NotAuthentic"));
            Assert.That(await ErasureStage.NoteOfAsync(stage.Api, clinic, next.Id), Is.EqualTo("Lindqvist"));
        }
        finally
        {
            await stage.Dba.ExecuteAsync("UPDATE keys.signing_keys SET private_key = set_byte(private_key, 30, get_byte(private_key, 30) # 1)");
        }
    }

    [Test]
    public async Task Two_that_need_the_first_key_at_once_make_one()
    {
        await using var fresh = await ErasureStage.OpenAsync();
        var printed = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => fresh.RunAsync("keys", "certificate", "public-key")));
        Assert.That(printed.Select(result => result.Output).Distinct().ToList(), Has.Count.EqualTo(1).And.All.Contains("BEGIN PUBLIC KEY"));
        Assert.That(await fresh.Dba.ScalarAsync<long>("SELECT count(*) FROM keys.signing_keys"), Is.EqualTo(1));
    }

    private async Task<string> OpensslAsync(string signed, byte[] p1363)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(new BigInteger(p1363.AsSpan(0, 32), isUnsigned: true, isBigEndian: true));
            writer.WriteInteger(new BigInteger(p1363.AsSpan(32), isUnsigned: true, isBigEndian: true));
        }

        var der = stage.NewFile();
        await File.WriteAllBytesAsync(der, writer.Encode());
        return await RunAsync("openssl", ["dgst", "-sha256", "-verify", pem, "-signature", der, signed], Path.GetTempPath());
    }

    private static async Task<string> RunAsync(string program, string[] arguments, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        _ = await errors;
        return output.Trim();
    }
}
