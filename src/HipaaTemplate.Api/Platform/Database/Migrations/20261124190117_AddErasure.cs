using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HipaaTemplate.Platform.Database.Migrations
{
    /// <summary>
    /// Legal holds, certificates of erasure and the keys that sign them, and what keeps rows from being saved
    /// under a key that is destroyed, or is being destroyed at that moment.
    /// </summary>
    public partial class AddErasure : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "legal_holds",
                schema: "keys",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    subject_id = table.Column<Guid>(type: "uuid", nullable: true),
                    case_reference = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    placed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    released_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_legal_holds", x => new { x.tenant_id, x.id });
                    table.CheckConstraint("ck_legal_holds_case_reference", "case_reference ~ '^[A-Za-z0-9._/-]*[0-9][A-Za-z0-9._/-]*$'");
                    table.ForeignKey(
                        name: "fk_legal_holds_tenants_tenant_id",
                        column: x => x.tenant_id,
                        principalSchema: "app",
                        principalTable: "tenants",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                })
                .Annotation("HipaaTemplate:Access", "tenant-append");

            migrationBuilder.CreateIndex(
                name: "ix_legal_holds_tenant_id_subject_id",
                schema: "keys",
                table: "legal_holds",
                columns: new[] { "tenant_id", "subject_id" });

            // Not entities, and no grant: only the owner signs.
            migrationBuilder.Sql("""
                CREATE TABLE keys.signing_keys (
                    -- The JWK thumbprint (RFC 7638).
                    id text NOT NULL PRIMARY KEY CHECK (length(id) = 43),
                    -- SubjectPublicKeyInfo.
                    public_key bytea NOT NULL,
                    -- PKCS #8, sealed with XAES-256-GCM under the key that is wrapped here.
                    private_key bytea NOT NULL,
                    provider varchar(20) NOT NULL UNIQUE,
                    provider_key_id varchar(512) NOT NULL,
                    wrapped bytea NOT NULL,
                    created_at timestamptz NOT NULL);

                CREATE TABLE keys.certificates (
                    id uuid NOT NULL PRIMARY KEY,
                    -- The patient, or the tenant.
                    subject uuid NOT NULL,
                    certificate text NOT NULL);
                CREATE INDEX ix_certificates_subject ON keys.certificates (subject);
                """);

            // Who saves a row takes a shared lock of its key, which erasing waits for; and who comes after the
            // erasure is refused. Without it a row that was read before, and saved after, would come back with
            // its blind indexes. SECURITY DEFINER, because to lock a row needs more than the API may do with keys.
            migrationBuilder.Sql("""
                CREATE FUNCTION keys.refuse_erased() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp
                AS $function$
                DECLARE
                    destroyed boolean;
                BEGIN
                    SELECT destroyed_at IS NOT NULL INTO destroyed FROM keys.subject_keys
                    WHERE tenant_id = NEW.tenant_id AND id = NEW.subject_key_id FOR KEY SHARE;
                    IF destroyed THEN
                        RAISE EXCEPTION 'the key of this row is destroyed' USING ERRCODE = 'HT001';
                    END IF;
                    RETURN NEW;
                END
                $function$;

                CREATE FUNCTION keys.refuse_key_of_erased() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp
                AS $function$
                DECLARE
                    destroyed boolean;
                BEGIN
                    SELECT destroyed_at IS NOT NULL INTO destroyed FROM keys.tenant_keys
                    WHERE tenant_id = NEW.tenant_id AND version = NEW.key_version FOR KEY SHARE;
                    IF destroyed THEN
                        RAISE EXCEPTION 'the key of this tenant is destroyed' USING ERRCODE = 'HT002';
                    END IF;
                    FOR destroyed IN
                        SELECT destroyed_at IS NOT NULL FROM keys.subject_keys
                        WHERE tenant_id = NEW.tenant_id AND subject_id = NEW.subject_id FOR KEY SHARE
                    LOOP
                        -- Left out, not refused: keys of many patients are made in one statement.
                        IF destroyed THEN
                            RETURN NULL;
                        END IF;
                    END LOOP;
                    RETURN NEW;
                END
                $function$;

                REVOKE ALL ON FUNCTION keys.refuse_erased(), keys.refuse_key_of_erased() FROM PUBLIC;
                CREATE TRIGGER refuse_key_of_erased BEFORE INSERT ON keys.subject_keys
                    FOR EACH ROW EXECUTE FUNCTION keys.refuse_key_of_erased();
                CREATE TRIGGER refuse_erased BEFORE INSERT OR UPDATE ON app.patients
                    FOR EACH ROW WHEN (current_user <> 'hipaa_owner') EXECUTE FUNCTION keys.refuse_erased();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                DROP FUNCTION keys.refuse_erased() CASCADE;
                DROP FUNCTION keys.refuse_key_of_erased() CASCADE;
                DROP TABLE keys.certificates;
                DROP TABLE keys.signing_keys;
                """);

            migrationBuilder.DropTable(
                name: "legal_holds",
                schema: "keys");
        }
    }
}
