using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HipaaTemplate.Platform.Database.Migrations
{
    /// <inheritdoc />
    public partial class AddIssuersUsersAndRevocations : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "issuers",
                schema: "app",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    issuer = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    definition = table.Column<string>(type: "jsonb", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_issuers", x => x.id);
                })
                .Annotation("HipaaTemplate:Access", "global-read-only");

            migrationBuilder.CreateTable(
                name: "revoked_tokens",
                schema: "app",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    issuer = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    value = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    within_tenant = table.Column<Guid>(type: "uuid", nullable: true),
                    issued_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_revoked_tokens", x => x.id);
                })
                .Annotation("HipaaTemplate:Access", "global-expiring");

            migrationBuilder.CreateTable(
                name: "used_ids",
                schema: "app",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "bytea", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_used_ids", x => x.id);
                })
                .Annotation("HipaaTemplate:Access", "global-expiring");

            migrationBuilder.CreateTable(
                name: "users",
                schema: "app",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    issuer = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    subject = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_users", x => new { x.tenant_id, x.id });
                    table.ForeignKey(
                        name: "fk_users_tenants_tenant_id",
                        column: x => x.tenant_id,
                        principalSchema: "app",
                        principalTable: "tenants",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                })
                .Annotation("HipaaTemplate:Access", "tenant");

            migrationBuilder.CreateIndex(
                name: "ix_issuers_issuer",
                schema: "app",
                table: "issuers",
                column: "issuer",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_revoked_tokens_expires_at",
                schema: "app",
                table: "revoked_tokens",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "ix_revoked_tokens_recorded_at",
                schema: "app",
                table: "revoked_tokens",
                column: "recorded_at");

            migrationBuilder.CreateIndex(
                name: "ix_used_ids_expires_at",
                schema: "app",
                table: "used_ids",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "ix_users_tenant_id_issuer_subject",
                schema: "app",
                table: "users",
                columns: new[] { "tenant_id", "issuer", "subject" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "issuers",
                schema: "app");

            migrationBuilder.DropTable(
                name: "revoked_tokens",
                schema: "app");

            migrationBuilder.DropTable(
                name: "used_ids",
                schema: "app");

            migrationBuilder.DropTable(
                name: "users",
                schema: "app");
        }
    }
}
