using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HipaaTemplate.Platform.Database.Migrations
{
    /// <summary>
    /// Patients' columns become sealed ones. What was stored in them before cannot be sealed in SQL, and what
    /// PostgreSQL once wrote down in clear stays in its files for long; so this is for a table that is still as
    /// it was made. Its columns are dropped and added, not converted.
    /// </summary>
    public partial class SealPatients : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                DO $$
                BEGIN
                    IF pg_relation_size('app.patients') > 0 THEN
                        RAISE EXCEPTION 'app.patients holds rows of an earlier build: take them out by the API of that build, then go back with migrate down 0 and up again, and import them anew';
                    END IF;
                END
                $$;
                """);

            migrationBuilder.Sql($"GRANT USAGE ON SCHEMA keys TO {DatabaseRoles.App};");

            migrationBuilder.DropIndex(
                name: "ix_patients_tenant_id_mrn",
                schema: "app",
                table: "patients");

            migrationBuilder.DropColumn(
                name: "sex",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<byte[]>(
                name: "sex",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: false);

            migrationBuilder.DropColumn(
                name: "phone",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<byte[]>(
                name: "phone",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: true);

            migrationBuilder.DropColumn(
                name: "mrn",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<byte[]>(
                name: "mrn",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: false);

            migrationBuilder.DropColumn(
                name: "medical_history",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<byte[]>(
                name: "medical_history",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: true);

            migrationBuilder.DropColumn(
                name: "given_name",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<byte[]>(
                name: "given_name",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: false);

            migrationBuilder.DropColumn(
                name: "family_name",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<byte[]>(
                name: "family_name",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: false);

            migrationBuilder.DropColumn(
                name: "emergency_contact",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<byte[]>(
                name: "emergency_contact",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: true);

            migrationBuilder.DropColumn(
                name: "email",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<byte[]>(
                name: "email",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: true);

            migrationBuilder.DropColumn(
                name: "birth_date",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<byte[]>(
                name: "birth_date",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: false);

            migrationBuilder.DropColumn(
                name: "address",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<byte[]>(
                name: "address",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "email_index_a",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "email_index_b",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "family_name_birth_date_index_a",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "family_name_birth_date_index_b",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "mrn_index_a",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "mrn_index_b",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "phone_index_a",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "phone_index_b",
                schema: "app",
                table: "patients",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "subject_key_id",
                schema: "app",
                table: "patients",
                type: "uuid",
                nullable: false);

            migrationBuilder.CreateTable(
                name: "key_uses",
                schema: "keys",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    key_version = table.Column<int>(type: "integer", nullable: false),
                    values = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_key_uses", x => new { x.tenant_id, x.id });
                    table.ForeignKey(
                        name: "fk_key_uses_tenants_tenant_id",
                        column: x => x.tenant_id,
                        principalSchema: "app",
                        principalTable: "tenants",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                })
                .Annotation("HipaaTemplate:Access", "tenant-append");

            migrationBuilder.CreateTable(
                name: "subject_keys",
                schema: "keys",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    subject_id = table.Column<Guid>(type: "uuid", nullable: false),
                    key_version = table.Column<int>(type: "integer", nullable: false),
                    wrapped = table.Column<byte[]>(type: "bytea", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    destroyed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_subject_keys", x => new { x.tenant_id, x.id });
                    table.CheckConstraint("ck_subject_keys_wrapped", "(wrapped IS NULL) = (destroyed_at IS NOT NULL)");
                    table.ForeignKey(
                        name: "fk_subject_keys_tenants_tenant_id",
                        column: x => x.tenant_id,
                        principalSchema: "app",
                        principalTable: "tenants",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                })
                .Annotation("HipaaTemplate:Access", "tenant-append");

            migrationBuilder.CreateTable(
                name: "tenant_keys",
                schema: "keys",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    @class = table.Column<short>(name: "class", type: "smallint", nullable: false),
                    provider = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    provider_key_id = table.Column<string>(type: "character varying(512)", maxLength: 512, nullable: false),
                    wrapped = table.Column<byte[]>(type: "bytea", nullable: true),
                    commitment = table.Column<byte[]>(type: "bytea", nullable: false),
                    index_slot = table.Column<short>(type: "smallint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    active_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    retired_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    destroyed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_tenant_keys", x => new { x.tenant_id, x.id });
                    table.CheckConstraint("ck_tenant_keys_wrapped", "(wrapped IS NULL) = (destroyed_at IS NOT NULL)");
                    table.ForeignKey(
                        name: "fk_tenant_keys_tenants_tenant_id",
                        column: x => x.tenant_id,
                        principalSchema: "app",
                        principalTable: "tenants",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                })
                .Annotation("HipaaTemplate:Access", "tenant-append");

            migrationBuilder.CreateIndex(
                name: "ix_patients_tenant_id_email_index_a",
                schema: "app",
                table: "patients",
                columns: new[] { "tenant_id", "email_index_a" });

            migrationBuilder.CreateIndex(
                name: "ix_patients_tenant_id_email_index_b",
                schema: "app",
                table: "patients",
                columns: new[] { "tenant_id", "email_index_b" });

            migrationBuilder.CreateIndex(
                name: "ix_patients_tenant_id_family_name_birth_date_index_a",
                schema: "app",
                table: "patients",
                columns: new[] { "tenant_id", "family_name_birth_date_index_a" });

            migrationBuilder.CreateIndex(
                name: "ix_patients_tenant_id_family_name_birth_date_index_b",
                schema: "app",
                table: "patients",
                columns: new[] { "tenant_id", "family_name_birth_date_index_b" });

            migrationBuilder.CreateIndex(
                name: "ix_patients_tenant_id_mrn_index_a",
                schema: "app",
                table: "patients",
                columns: new[] { "tenant_id", "mrn_index_a" },
                unique: true,
                filter: "deleted_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_patients_tenant_id_mrn_index_b",
                schema: "app",
                table: "patients",
                columns: new[] { "tenant_id", "mrn_index_b" },
                unique: true,
                filter: "deleted_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_patients_tenant_id_phone_index_a",
                schema: "app",
                table: "patients",
                columns: new[] { "tenant_id", "phone_index_a" });

            migrationBuilder.CreateIndex(
                name: "ix_patients_tenant_id_phone_index_b",
                schema: "app",
                table: "patients",
                columns: new[] { "tenant_id", "phone_index_b" });

            migrationBuilder.CreateIndex(
                name: "ix_patients_tenant_id_subject_key_id",
                schema: "app",
                table: "patients",
                columns: new[] { "tenant_id", "subject_key_id" });

            migrationBuilder.CreateIndex(
                name: "ix_key_uses_tenant_id_key_version",
                schema: "keys",
                table: "key_uses",
                columns: new[] { "tenant_id", "key_version" });

            migrationBuilder.CreateIndex(
                name: "ix_subject_keys_tenant_id_key_version",
                schema: "keys",
                table: "subject_keys",
                columns: new[] { "tenant_id", "key_version" });

            migrationBuilder.CreateIndex(
                name: "ix_subject_keys_tenant_id_subject_id_key_version",
                schema: "keys",
                table: "subject_keys",
                columns: new[] { "tenant_id", "subject_id", "key_version" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_tenant_keys_tenant_id_version",
                schema: "keys",
                table: "tenant_keys",
                columns: new[] { "tenant_id", "version" },
                unique: true);

            migrationBuilder.AddForeignKey(
                name: "fk_patients_subject_keys_tenant_id_subject_key_id",
                schema: "app",
                table: "patients",
                columns: new[] { "tenant_id", "subject_key_id" },
                principalSchema: "keys",
                principalTable: "subject_keys",
                principalColumns: new[] { "tenant_id", "id" },
                onDelete: ReferentialAction.Restrict);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                DO $$
                BEGIN
                    IF pg_relation_size('app.patients') > 0 THEN
                        RAISE EXCEPTION 'app.patients holds sealed rows, which a build before this one cannot read: to be rid of them, drop the database';
                    END IF;
                END
                $$;
                REVOKE USAGE ON SCHEMA keys FROM hipaa_app;
                """);

            migrationBuilder.DropForeignKey(
                name: "fk_patients_subject_keys_tenant_id_subject_key_id",
                schema: "app",
                table: "patients");

            migrationBuilder.DropTable(
                name: "key_uses",
                schema: "keys");

            migrationBuilder.DropTable(
                name: "subject_keys",
                schema: "keys");

            migrationBuilder.DropTable(
                name: "tenant_keys",
                schema: "keys");

            migrationBuilder.DropIndex(
                name: "ix_patients_tenant_id_email_index_a",
                schema: "app",
                table: "patients");

            migrationBuilder.DropIndex(
                name: "ix_patients_tenant_id_email_index_b",
                schema: "app",
                table: "patients");

            migrationBuilder.DropIndex(
                name: "ix_patients_tenant_id_family_name_birth_date_index_a",
                schema: "app",
                table: "patients");

            migrationBuilder.DropIndex(
                name: "ix_patients_tenant_id_family_name_birth_date_index_b",
                schema: "app",
                table: "patients");

            migrationBuilder.DropIndex(
                name: "ix_patients_tenant_id_mrn_index_a",
                schema: "app",
                table: "patients");

            migrationBuilder.DropIndex(
                name: "ix_patients_tenant_id_mrn_index_b",
                schema: "app",
                table: "patients");

            migrationBuilder.DropIndex(
                name: "ix_patients_tenant_id_phone_index_a",
                schema: "app",
                table: "patients");

            migrationBuilder.DropIndex(
                name: "ix_patients_tenant_id_phone_index_b",
                schema: "app",
                table: "patients");

            migrationBuilder.DropIndex(
                name: "ix_patients_tenant_id_subject_key_id",
                schema: "app",
                table: "patients");

            migrationBuilder.DropColumn(
                name: "email_index_a",
                schema: "app",
                table: "patients");

            migrationBuilder.DropColumn(
                name: "email_index_b",
                schema: "app",
                table: "patients");

            migrationBuilder.DropColumn(
                name: "family_name_birth_date_index_a",
                schema: "app",
                table: "patients");

            migrationBuilder.DropColumn(
                name: "family_name_birth_date_index_b",
                schema: "app",
                table: "patients");

            migrationBuilder.DropColumn(
                name: "mrn_index_a",
                schema: "app",
                table: "patients");

            migrationBuilder.DropColumn(
                name: "mrn_index_b",
                schema: "app",
                table: "patients");

            migrationBuilder.DropColumn(
                name: "phone_index_a",
                schema: "app",
                table: "patients");

            migrationBuilder.DropColumn(
                name: "phone_index_b",
                schema: "app",
                table: "patients");

            migrationBuilder.DropColumn(
                name: "subject_key_id",
                schema: "app",
                table: "patients");

            migrationBuilder.DropColumn(
                name: "sex",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<short>(
                name: "sex",
                schema: "app",
                table: "patients",
                type: "smallint",
                nullable: false);

            migrationBuilder.DropColumn(
                name: "phone",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<string>(
                name: "phone",
                schema: "app",
                table: "patients",
                type: "character varying(32)",
                maxLength: 32,
                nullable: true);

            migrationBuilder.DropColumn(
                name: "mrn",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<string>(
                name: "mrn",
                schema: "app",
                table: "patients",
                type: "character varying(64)",
                maxLength: 64,
                nullable: false);

            migrationBuilder.DropColumn(
                name: "medical_history",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<string>(
                name: "medical_history",
                schema: "app",
                table: "patients",
                type: "character varying(20000)",
                maxLength: 20000,
                nullable: true);

            migrationBuilder.DropColumn(
                name: "given_name",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<string>(
                name: "given_name",
                schema: "app",
                table: "patients",
                type: "character varying(100)",
                maxLength: 100,
                nullable: false);

            migrationBuilder.DropColumn(
                name: "family_name",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<string>(
                name: "family_name",
                schema: "app",
                table: "patients",
                type: "character varying(100)",
                maxLength: 100,
                nullable: false);

            migrationBuilder.DropColumn(
                name: "emergency_contact",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<string>(
                name: "emergency_contact",
                schema: "app",
                table: "patients",
                type: "character varying(500)",
                maxLength: 500,
                nullable: true);

            migrationBuilder.DropColumn(
                name: "email",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<string>(
                name: "email",
                schema: "app",
                table: "patients",
                type: "character varying(254)",
                maxLength: 254,
                nullable: true);

            migrationBuilder.DropColumn(
                name: "birth_date",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<DateOnly>(
                name: "birth_date",
                schema: "app",
                table: "patients",
                type: "date",
                nullable: false);

            migrationBuilder.DropColumn(
                name: "address",
                schema: "app",
                table: "patients");

            migrationBuilder.AddColumn<string>(
                name: "address",
                schema: "app",
                table: "patients",
                type: "character varying(500)",
                maxLength: 500,
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_patients_tenant_id_mrn",
                schema: "app",
                table: "patients",
                columns: new[] { "tenant_id", "mrn" },
                unique: true,
                filter: "deleted_at IS NULL");
        }
    }
}
