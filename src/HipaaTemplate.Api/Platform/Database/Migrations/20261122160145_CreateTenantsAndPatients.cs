using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HipaaTemplate.Platform.Database.Migrations
{
    /// <inheritdoc />
    public partial class CreateTenantsAndPatients : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "app");

            migrationBuilder.AlterDatabase()
                .Annotation("Npgsql:PostgresExtension:vector", ",,");

            migrationBuilder.Sql($"GRANT USAGE ON SCHEMA {DatabaseRoles.AppSchema} TO {DatabaseRoles.App};");
            migrationBuilder.Sql($"GRANT SELECT ON {DatabaseRoles.AppSchema}.{DatabaseRoles.MigrationsTable} TO {DatabaseRoles.App};");
            migrationBuilder.Sql("""
                CREATE FUNCTION app.current_tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
                AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;
                GRANT EXECUTE ON FUNCTION app.current_tenant_id() TO hipaa_app;
                """);

            migrationBuilder.CreateTable(
                name: "tenants",
                schema: "app",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    slug = table.Column<string>(type: "character varying(63)", maxLength: 63, nullable: false),
                    name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    status = table.Column<short>(type: "smallint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_tenants", x => x.id);
                })
                .Annotation("HipaaTemplate:Access", "global-read-only");

            migrationBuilder.CreateTable(
                name: "patients",
                schema: "app",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    given_name = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    family_name = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    birth_date = table.Column<DateOnly>(type: "date", nullable: false),
                    sex = table.Column<short>(type: "smallint", nullable: false),
                    mrn = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    email = table.Column<string>(type: "character varying(254)", maxLength: 254, nullable: true),
                    phone = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: true),
                    address = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true),
                    emergency_contact = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true),
                    medical_history = table.Column<string>(type: "character varying(20000)", maxLength: 20000, nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    deleted_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_patients", x => new { x.tenant_id, x.id });
                    table.ForeignKey(
                        name: "fk_patients_tenants_tenant_id",
                        column: x => x.tenant_id,
                        principalSchema: "app",
                        principalTable: "tenants",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                })
                .Annotation("HipaaTemplate:Access", "tenant");

            migrationBuilder.CreateIndex(
                name: "ix_patients_tenant_id_mrn",
                schema: "app",
                table: "patients",
                columns: new[] { "tenant_id", "mrn" },
                unique: true,
                filter: "deleted_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_tenants_slug",
                schema: "app",
                table: "tenants",
                column: "slug",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "patients",
                schema: "app");

            migrationBuilder.DropTable(
                name: "tenants",
                schema: "app");

            migrationBuilder.Sql("DROP FUNCTION app.current_tenant_id();");
        }
    }
}
