using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HipaaTemplate.Platform.Database.Migrations
{
    /// <summary>Which months are archived, how long they are kept and which were destroyed; and partitions that never run out.</summary>
    public partial class AddAuditRetention : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                -- A log that went on after it was archived is archived again.
                CREATE TABLE audit.archives (
                    log_tenant uuid NOT NULL,
                    log_month date NOT NULL,
                    size bigint NOT NULL CHECK (size > 0),
                    root bytea NOT NULL CHECK (length(root) = 32),
                    -- In the place of archives.
                    name text NOT NULL,
                    -- Of the file.
                    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
                    archived_at timestamptz NOT NULL,
                    PRIMARY KEY (log_tenant, log_month, size));

                -- Of tenants that do not have AUDIT_RETENTION_YEARS. 45 CFR 164.316(b)(2)(i): six at least.
                CREATE TABLE audit.retention (
                    log_tenant uuid NOT NULL PRIMARY KEY,
                    years integer NOT NULL CHECK (years BETWEEN 6 AND 100),
                    set_at timestamptz NOT NULL);

                -- For ever. A log that is in it is none any more, whether or not all of its rows are gone yet.
                CREATE TABLE audit.destroyed (
                    log_tenant uuid NOT NULL,
                    log_month date NOT NULL,
                    size bigint NOT NULL,
                    root bytea NOT NULL,
                    name text NOT NULL,
                    sha256 bytea NOT NULL,
                    destroyed_at timestamptz NOT NULL,
                    is_removed boolean NOT NULL DEFAULT false,
                    PRIMARY KEY (log_tenant, log_month));

                GRANT SELECT, INSERT ON audit.archives TO hipaa_sealer;
                GRANT SELECT ON audit.archives, audit.retention, audit.destroyed TO hipaa_auditor;

                -- With the owner's rights, so that who seals keeps partitions from running out without having them. It takes no
                -- word from the caller. Events wait for the lock that it waits for, so it does not wait long.
                CREATE FUNCTION audit.extend_partitions() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms'
                AS $function$
                BEGIN
                    PERFORM audit.make_partitions(24);
                END
                $function$;

                REVOKE ALL ON FUNCTION audit.extend_partitions() FROM PUBLIC;
                GRANT EXECUTE ON FUNCTION audit.extend_partitions() TO hipaa_sealer;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                DO $$
                BEGIN
                    IF EXISTS (SELECT FROM audit.archives) OR EXISTS (SELECT FROM audit.destroyed) THEN
                        RAISE EXCEPTION 'audit.archives and audit.destroyed say what became of events: to be rid of them, drop the database';
                    END IF;
                END
                $$;
                DROP FUNCTION audit.extend_partitions();
                DROP TABLE audit.archives, audit.retention, audit.destroyed;
                """);
        }
    }
}
