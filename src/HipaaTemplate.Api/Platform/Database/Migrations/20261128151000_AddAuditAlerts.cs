using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HipaaTemplate.Platform.Database.Migrations
{
    /// <summary>Alerts, whom to watch, and from which head of the trail on the rules look.</summary>
    public partial class AddAuditAlerts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "alert_cursors",
                schema: "app",
                columns: table => new
                {
                    head = table.Column<long>(type: "bigint", nullable: false),
                    alerted = table.Column<Guid[]>(type: "uuid[]", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_alert_cursors", x => x.head);
                })
                .Annotation("HipaaTemplate:Access", "global-expiring");

            migrationBuilder.CreateTable(
                name: "audit_alerts",
                schema: "app",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    rule = table.Column<short>(type: "smallint", nullable: false),
                    subject = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    raised_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    first_event_id = table.Column<Guid>(type: "uuid", nullable: false),
                    first_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_event_id = table.Column<Guid>(type: "uuid", nullable: false),
                    last_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    events = table.Column<int>(type: "integer", nullable: false),
                    patient_count = table.Column<int>(type: "integer", nullable: false),
                    patients = table.Column<Guid[]>(type: "uuid[]", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    signed_off_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    reviewer_id = table.Column<Guid>(type: "uuid", nullable: true),
                    conclusion = table.Column<short>(type: "smallint", nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    next_attempt_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    delivered_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_audit_alerts", x => new { x.tenant_id, x.id });
                })
                .Annotation("HipaaTemplate:Access", "tenant");

            migrationBuilder.CreateTable(
                name: "watched_patients",
                schema: "app",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    added_by = table.Column<Guid>(type: "uuid", nullable: false),
                    added_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_watched_patients", x => new { x.tenant_id, x.id });
                    table.ForeignKey(
                        name: "fk_watched_patients_tenants_tenant_id",
                        column: x => x.tenant_id,
                        principalSchema: "app",
                        principalTable: "tenants",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                })
                .Annotation("HipaaTemplate:Access", "tenant");

            migrationBuilder.CreateIndex(
                name: "ix_audit_alerts_tenant_id_next_attempt_at",
                schema: "app",
                table: "audit_alerts",
                columns: new[] { "tenant_id", "next_attempt_at" });

            migrationBuilder.CreateIndex(
                name: "ix_audit_alerts_tenant_id_rule_subject_first_event_id",
                schema: "app",
                table: "audit_alerts",
                columns: new[] { "tenant_id", "rule", "subject", "first_event_id" },
                unique: true);

            // What was sealed before there were rules is not looked at.
            migrationBuilder.Sql("""
                INSERT INTO app.alert_cursors (head, alerted, expires_at)
                SELECT coalesce(max(head) + 1, 0), ARRAY[]::uuid[], now() FROM audit.heads;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "alert_cursors",
                schema: "app");

            migrationBuilder.DropTable(
                name: "audit_alerts",
                schema: "app");

            migrationBuilder.DropTable(
                name: "watched_patients",
                schema: "app");
        }
    }
}
