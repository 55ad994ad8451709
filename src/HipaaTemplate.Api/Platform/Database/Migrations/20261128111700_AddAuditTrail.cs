using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HipaaTemplate.Platform.Database.Migrations
{
    /// <summary>The table of events: a partition a month, tenants apart, and nobody who changes or removes a row.</summary>
    public partial class AddAuditTrail : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // Raw SQL, because EF Core makes no partitions. By id, which begins with the time (RFC 9562 §5.7), so
            // that the key is (tenant_id, id) as everywhere.
            migrationBuilder.Sql("""
                CREATE SCHEMA audit;
                CREATE TABLE audit.events (
                    tenant_id uuid NOT NULL,
                    id uuid NOT NULL,
                    at timestamptz NOT NULL,
                    -- The transaction that added it: the sealer takes what no open transaction can add to any more.
                    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
                    writer uuid NOT NULL,
                    number bigint NOT NULL CHECK (number >= 0),
                    void bigint[] NOT NULL,
                    action text NOT NULL,
                    outcome text NOT NULL,
                    code text,
                    actor_type text NOT NULL,
                    actor text,
                    session text,
                    address text,
                    purpose text,
                    endpoint text,
                    request text,
                    trace text,
                    detail text,
                    patients uuid[] NOT NULL,
                    records jsonb NOT NULL,
                    key_version integer NOT NULL,
                    mac bytea NOT NULL CHECK (length(mac) = 32),
                    leaf_hash bytea NOT NULL CHECK (length(leaf_hash) = 32),
                    PRIMARY KEY (tenant_id, id),
                    -- 164.312(a)(2)(i): whoever touches a patient's data has a name.
                    CONSTRAINT ck_events_actor CHECK (actor IS NOT NULL OR actor_type = 'unknown' AND cardinality(patients) = 0)
                ) PARTITION BY RANGE (id);

                ALTER TABLE audit.events ENABLE ROW LEVEL SECURITY;
                ALTER TABLE audit.events FORCE ROW LEVEL SECURITY;
                CREATE POLICY tenant_isolation ON audit.events AS PERMISSIVE FOR ALL TO PUBLIC
                    USING (tenant_id = app.current_tenant_id())
                    WITH CHECK (tenant_id = app.current_tenant_id());
                CREATE POLICY audit_reading ON audit.events AS PERMISSIVE FOR SELECT TO hipaa_auditor, hipaa_sealer USING (true);
                CREATE INDEX ix_events_xid ON audit.events (xid);

                -- Who did it; the other filters of a reader are tried on what this index or the key finds.
                CREATE INDEX ix_events_actor ON audit.events (tenant_id, actor, id);

                -- Which events name a patient. No index on events.patients can tell: the operator of its index is not
                -- leakproof, so row-level security keeps it from being used.
                CREATE TABLE audit.patient_events (
                    tenant_id uuid NOT NULL,
                    patient_id uuid NOT NULL,
                    event_id uuid NOT NULL,
                    PRIMARY KEY (tenant_id, patient_id, event_id)
                ) PARTITION BY RANGE (event_id);

                ALTER TABLE audit.patient_events ENABLE ROW LEVEL SECURITY;
                ALTER TABLE audit.patient_events FORCE ROW LEVEL SECURITY;
                CREATE POLICY tenant_isolation ON audit.patient_events AS PERMISSIVE FOR ALL TO PUBLIC
                    USING (tenant_id = app.current_tenant_id())
                    WITH CHECK (tenant_id = app.current_tenant_id());
                CREATE POLICY audit_reading ON audit.patient_events AS PERMISSIVE FOR SELECT TO hipaa_auditor USING (true);

                GRANT USAGE ON SCHEMA audit TO hipaa_app, hipaa_auditor, hipaa_sealer, hipaa_reviewer;
                GRANT SELECT (tenant_id, id, at, xid, leaf_hash) ON audit.events TO hipaa_sealer;
                GRANT SELECT ON audit.events, audit.patient_events TO hipaa_auditor, hipaa_reviewer;
                -- All but xid, which would hide a row from the sealer.
                GRANT INSERT (
                    tenant_id, id, at, writer, number, void, action, outcome, code, actor_type, actor, session, address,
                    purpose, endpoint, request, trace, detail, patients, records, key_version, mac, leaf_hash)
                    ON audit.events TO hipaa_app;
                GRANT INSERT ON audit.patient_events TO hipaa_app;

                CREATE FUNCTION audit.first_id(month timestamptz) RETURNS uuid LANGUAGE sql STABLE
                RETURN (lpad(to_hex((extract(epoch FROM month) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

                -- From the month before, for clocks that are behind. Nobody may go at a partition itself.
                CREATE FUNCTION audit.make_partitions(months_ahead integer) RETURNS void LANGUAGE plpgsql
                SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
                AS $function$
                DECLARE
                    month timestamptz;
                    parent text;
                    name text;
                BEGIN
                    FOR ahead IN -1 .. months_ahead LOOP
                        month := date_trunc('month', now()) + make_interval(months => ahead);
                        FOREACH parent IN ARRAY ARRAY['events', 'patient_events'] LOOP
                            name := parent || '_' || to_char(month, 'YYYY_MM');
                            IF to_regclass('audit.' || name) IS NULL THEN
                                EXECUTE format('CREATE TABLE audit.%I PARTITION OF audit.%I FOR VALUES FROM (%L) TO (%L)',
                                    name, parent, audit.first_id(month), audit.first_id(month + interval '1 month'));
                                EXECUTE format('ALTER TABLE audit.%I ENABLE ROW LEVEL SECURITY', name);
                                EXECUTE format('ALTER TABLE audit.%I FORCE ROW LEVEL SECURITY', name);
                            END IF;
                        END LOOP;
                    END LOOP;
                END
                $function$;

                -- Who seals adds to these and changes nothing. docs/explanation/audit-format.md says what they are.
                CREATE TABLE audit.leaves (
                    log_tenant uuid NOT NULL,
                    -- The first day of it.
                    log_month date NOT NULL,
                    leaf bigint NOT NULL CHECK (leaf >= 0),
                    event_id uuid NOT NULL,
                    leaf_hash bytea NOT NULL CHECK (length(leaf_hash) = 32),
                    PRIMARY KEY (log_tenant, log_month, leaf),
                    UNIQUE (event_id, log_tenant));

                CREATE TABLE audit.heads (
                    head bigint NOT NULL PRIMARY KEY CHECK (head >= 0),
                    log_tenant uuid NOT NULL,
                    log_month date NOT NULL,
                    size bigint NOT NULL CHECK (size > 0),
                    root bytea NOT NULL CHECK (length(root) = 32),
                    -- Of the log's tree, to go on from: roots of its perfect subtrees, the largest first.
                    peaks bytea[] NOT NULL,
                    -- Of the checkpoint's text, in the tree of heads.
                    leaf_hash bytea NOT NULL CHECK (length(leaf_hash) = 32),
                    UNIQUE (log_tenant, log_month, size));

                CREATE TABLE audit.seals (
                    -- How many heads it covers.
                    heads bigint NOT NULL PRIMARY KEY CHECK (heads > 0),
                    peaks bytea[] NOT NULL,
                    -- All events of transactions before this one are sealed.
                    horizon xid8 NOT NULL,
                    at timestamptz NOT NULL,
                    note text NOT NULL);

                CREATE TABLE audit.signing_keys (
                    id text NOT NULL PRIMARY KEY CHECK (length(id) = 43),
                    public_key bytea NOT NULL,
                    private_key bytea NOT NULL,
                    provider varchar(20) NOT NULL UNIQUE,
                    provider_key_id varchar(512) NOT NULL,
                    wrapped bytea NOT NULL,
                    created_at timestamptz NOT NULL);

                GRANT SELECT, INSERT ON audit.leaves, audit.heads, audit.seals, audit.signing_keys TO hipaa_sealer;
                GRANT SELECT ON audit.leaves, audit.heads, audit.seals TO hipaa_auditor;
                -- What was sealed, and when it grew: no word of what it says.
                GRANT SELECT ON audit.leaves, audit.heads TO hipaa_reviewer;
                GRANT SELECT (id, public_key, provider, created_at) ON audit.signing_keys TO hipaa_auditor;

                REVOKE ALL ON FUNCTION audit.first_id(timestamptz), audit.make_partitions(integer) FROM PUBLIC;
                DO $partitions$ BEGIN PERFORM audit.make_partitions(24); END $partitions$;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // Row-level security hides rows from the owner too; pages are there or not.
            migrationBuilder.Sql("""
                DO $$
                BEGIN
                    IF (SELECT sum(pg_relation_size(inhrelid)) > 0 FROM pg_inherits WHERE inhparent = 'audit.events'::regclass) THEN
                        RAISE EXCEPTION 'audit.events holds events, which are kept for years: to be rid of them, drop the database';
                    END IF;
                END
                $$;
                DROP SCHEMA audit CASCADE;
                """);
        }
    }
}
