using HipaaTemplate.Platform.Database;
using Npgsql;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>
/// An audit that is always green proves nothing: each rule is broken once, inside a transaction that
/// is rolled back, and the audit must name what was broken.
/// </summary>
internal sealed class PlantedFaultTests
{
    private ApiHost api = null!;
    private NpgsqlConnection superuser = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, var url) = await App.NewApiAsync();
        superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await superuser.DisposeAsync();
        await api.DisposeAsync();
    }

    [TestCase("DROP TABLE app.probes CASCADE", "the database lacks", "column app.probes.id uuid NOT NULL")]
    [TestCase("ALTER TABLE app.probes DROP COLUMN text", "the database lacks", "column app.probes.text text NOT NULL")]
    [TestCase("CREATE TABLE app.unheard_of (tenant_id uuid NOT NULL)", "the model does not have", "column app.unheard_of.tenant_id uuid NOT NULL")]
    [TestCase("ALTER TABLE app.probes ADD extra text", "the model does not have", "column app.probes.extra text")]
    [TestCase("ALTER TABLE app.probes ALTER text SET DEFAULT 'x'", "the model does not have", "column app.probes.text text NOT NULL DEFAULT")]
    [TestCase("ALTER TABLE app.probes ALTER text TYPE varchar(5)", "the model does not have", "column app.probes.text character varying(5) NOT NULL")]
    [TestCase("DROP INDEX app.ix_probes_tenant_id_text", "the database lacks", "unique app.probes (tenant_id, text)")]
    [TestCase("CREATE UNIQUE INDEX mine ON app.probes (tenant_id, text) WHERE id IS NOT NULL", "the model does not have", "unique app.probes (tenant_id, text) WHERE")]
    [TestCase("ALTER TABLE app.probes DROP CONSTRAINT fk_probes_tenants_tenant_id", "the database lacks", "reference app.probes (tenant_id) to app.tenants (id)")]
    [TestCase("CREATE SCHEMA elsewhere; GRANT USAGE ON SCHEMA elsewhere TO hipaa_app; CREATE TABLE elsewhere.t (id uuid); GRANT SELECT ON elsewhere.t TO hipaa_app",
        "hipaa_app reaches a table of another schema", "elsewhere.t")]
    [TestCase("CREATE TABLE public.t (id uuid); GRANT SELECT ON public.t TO PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC",
        "hipaa_app reaches a table of another schema", "t")]
    [TestCase("CREATE TYPE app.mood AS ENUM ('a'); ALTER TABLE app.probes ADD mood app.mood; CREATE INDEX moods ON app.probes (tenant_id, mood)",
        "index needs an operator that is not leakproof; row-level security keeps it from being used", "app.moods")]
    [TestCase("ALTER TABLE app.probes ADD price numeric; CREATE INDEX prices ON app.probes (tenant_id, price)",
        "index needs an operator that is not leakproof; row-level security keeps it from being used", "app.prices")]
    [TestCase("GRANT USAGE ON SCHEMA keys TO hipaa_app; GRANT SELECT ON keys.tenant_scope_keys TO hipaa_app", "hipaa_app holds SELECT", "keys.tenant_scope_keys")]
    [TestCase("ALTER FUNCTION app.current_tenant_id() SET search_path = public", "the tenant function is not the one of this build", "app.current_tenant_id()")]
    [TestCase("CREATE POLICY second ON app.probes AS RESTRICTIVE USING (false)", "policy that the model does not have", "app.probes.second")]
    [TestCase("CREATE POLICY second ON app.tenants USING (true)", "policy that the model does not have", "app.tenants.second")]
    [TestCase("ALTER TABLE app.revoked_tokens NO FORCE ROW LEVEL SECURITY", "rows can be changed, or removed before they expire", "app.revoked_tokens")]
    [TestCase("ALTER TABLE app.used_ids DISABLE ROW LEVEL SECURITY", "rows can be changed, or removed before they expire", "app.used_ids")]
    [TestCase("DROP POLICY expiring_read ON app.revoked_tokens", "rows can be changed, or removed before they expire", "app.revoked_tokens")]
    [TestCase("ALTER POLICY expiring_clean ON app.revoked_tokens USING (true)", "rows can be changed, or removed before they expire", "app.revoked_tokens")]
    [TestCase("ALTER POLICY expiring_clean ON app.revoked_tokens USING (true)", "policy that the model does not have", "app.revoked_tokens.expiring_clean")]
    [TestCase("CREATE POLICY second ON app.used_ids USING (true)", "policy that the model does not have", "app.used_ids.second")]
    [TestCase("GRANT UPDATE (expires_at) ON app.revoked_tokens TO hipaa_app", "hipaa_app holds UPDATE", "app.revoked_tokens")]
    [TestCase("REVOKE DELETE ON app.used_ids FROM hipaa_app", "hipaa_app lacks DELETE", "app.used_ids")]
    [TestCase("GRANT INSERT ON app.issuers TO hipaa_app", "hipaa_app holds INSERT", "app.issuers")]
    [TestCase("ALTER TABLE app.probes DROP CONSTRAINT pk_probes CASCADE; ALTER TABLE app.probes ALTER tenant_id DROP NOT NULL",
        "tenant_id is not uuid NOT NULL", "app.probes")]
    [TestCase("ALTER TABLE app.probes DISABLE ROW LEVEL SECURITY", "row-level security is not enabled", "app.probes")]
    [TestCase("ALTER TABLE app.probes NO FORCE ROW LEVEL SECURITY", "row-level security is not forced", "app.probes")]
    [TestCase("DROP POLICY tenant_isolation ON app.probes", "no tenant policy with USING and WITH CHECK", "app.probes")]
    [TestCase("DROP POLICY tenant_isolation ON app.probes; CREATE POLICY tenant_isolation ON app.probes USING (tenant_id = app.current_tenant_id())",
        "no tenant policy with USING and WITH CHECK", "app.probes")]
    [TestCase("ALTER POLICY tenant_isolation ON app.probes USING (true)", "no tenant policy with USING and WITH CHECK", "app.probes")]
    [TestCase("ALTER POLICY tenant_isolation ON app.probes TO hipaa_app", "no tenant policy with USING and WITH CHECK", "app.probes")]
    [TestCase("CREATE POLICY second ON app.probes USING (true)",
        "further permissive policy; policies are joined by OR", "app.probes.second")]
    [TestCase("ALTER TABLE app.probes DROP CONSTRAINT pk_probes CASCADE; ALTER TABLE app.probes ADD CONSTRAINT pk_probes PRIMARY KEY (id)",
        "primary key is not (tenant_id, id)", "app.probes")]
    [TestCase("CREATE INDEX wrong ON app.probes (text)", "index does not lead with tenant_id", "app.wrong")]
    [TestCase("CREATE UNIQUE INDEX wrong ON app.probes (id)", "index does not lead with tenant_id", "app.wrong")]
    [TestCase("CREATE UNIQUE INDEX id_only ON app.probes (id); ALTER TABLE app.probes ADD other uuid, ADD CONSTRAINT wrong FOREIGN KEY (other) REFERENCES app.probes (id)",
        "foreign key does not carry tenant_id on both sides", "app.probes.wrong")]
    [TestCase("ALTER TABLE app.probes ADD n bigserial", "column counts across tenants (identity or sequence)", "app.probes.n")]
    [TestCase("ALTER TABLE app.probes ADD n int GENERATED ALWAYS AS IDENTITY",
        "column counts across tenants (identity or sequence)", "app.probes.n")]
    [TestCase("DROP TRIGGER refuse_erased ON app.sealed_notes", "rows can be saved under a key that is destroyed", "app.sealed_notes")]
    [TestCase("ALTER TABLE app.sealed_notes DISABLE TRIGGER refuse_erased", "rows can be saved under a key that is destroyed", "app.sealed_notes")]
    [TestCase("GRANT TRUNCATE ON app.probes TO hipaa_app", "hipaa_app holds TRUNCATE", "app.probes")]
    [TestCase("GRANT REFERENCES (id) ON app.probes TO hipaa_app", "hipaa_app holds REFERENCES", "app.probes")]
    [TestCase("GRANT TRIGGER ON app.probes TO PUBLIC", "hipaa_app holds TRIGGER", "app.probes")]
    [TestCase("GRANT UPDATE (status) ON app.tenants TO hipaa_app", "hipaa_app holds UPDATE", "app.tenants")]
    [TestCase("GRANT INSERT ON app.__ef_migrations_history TO hipaa_app", "hipaa_app holds INSERT", "app.__ef_migrations_history")]
    [TestCase("REVOKE DELETE ON app.probes FROM hipaa_app", "hipaa_app lacks DELETE", "app.probes")]
    [TestCase("CREATE TABLE app.stray (id uuid); GRANT SELECT ON app.stray TO hipaa_app", "hipaa_app holds SELECT", "app.stray")]
    [TestCase("CREATE TABLE app.half (tenant_id uuid NOT NULL, id uuid)", "row-level security is not enabled", "app.half")]
    [TestCase("CREATE TABLE app.whole (tenant_id uuid) PARTITION BY LIST (tenant_id); CREATE TABLE app.part PARTITION OF app.whole DEFAULT; GRANT SELECT ON app.part TO hipaa_app",
        "hipaa_app holds a privilege on a partition, which has policies of its own", "app.part")]
    [TestCase("CREATE SEQUENCE app.counter; GRANT USAGE ON SEQUENCE app.counter TO hipaa_app", "hipaa_app may use a sequence", "app.counter")]
    [TestCase("ALTER TABLE app.probes OWNER TO CURRENT_USER", "object is not owned by hipaa_owner", "app.probes")]
    [TestCase("ALTER TABLE app.probes OWNER TO hipaa_app", "hipaa_app owns an object", "app.probes")]
    [TestCase("ALTER SCHEMA app OWNER TO CURRENT_USER", "schema is not owned by hipaa_owner", "app")]
    [TestCase("GRANT CREATE ON SCHEMA app TO hipaa_app", "hipaa_app may create in the schema", "app")]
    [TestCase("CREATE VIEW app.seen AS SELECT * FROM app.probes", "view runs with its owner's rights", "app.seen")]
    [TestCase("CREATE MATERIALIZED VIEW app.kept AS SELECT * FROM app.probes; GRANT SELECT ON app.kept TO hipaa_app",
        "hipaa_app reads a materialized view, which has no policies", "app.kept")]
    [TestCase("CREATE FUNCTION app.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM app.probes'",
        "function runs with its owner's rights", "app.peek()")]
    [TestCase("CREATE OR REPLACE FUNCTION app.current_tenant_id() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT gen_random_uuid()'",
        "the tenant function is not the one of this build", "app.current_tenant_id()")]
    [TestCase("ALTER FUNCTION app.current_tenant_id() OWNER TO CURRENT_USER", "function is not owned by hipaa_owner", "app.current_tenant_id()")]
    // Roles belong to the cluster; the other databases never see what is rolled back.
    [TestCase("ALTER ROLE hipaa_app BYPASSRLS", "role is superuser, bypasses row-level security, replicates or makes roles or databases", "hipaa_app")]
    [TestCase("ALTER ROLE hipaa_owner SUPERUSER", "role is superuser, bypasses row-level security, replicates or makes roles or databases", "hipaa_owner")]
    [TestCase("GRANT hipaa_owner TO hipaa_app", "hipaa_app is a member of another role", "hipaa_owner")]
    public async Task The_audit_names(string fault, string rule, string subject)
    {
        Assert.That(await FoundWithAsync(fault), Does.Contain(new IsolationViolation(rule, subject)));
    }

    [Test]
    public async Task The_audit_is_green_before_and_after() =>
        Assert.That(await CatalogueTests.AuditAsync(api, superuser), Is.Empty);

    private async Task<IReadOnlyList<IsolationViolation>> FoundWithAsync(string fault)
    {
        await App.Roles.WaitAsync();
        try
        {
            await using var transaction = await superuser.BeginTransactionAsync();
            await superuser.ExecuteAsync(fault);
            return await CatalogueTests.AuditAsync(api, superuser);
        }
        finally
        {
            App.Roles.Release();
        }
    }
}
