using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HipaaTemplate.Platform.Database.Migrations
{
    /// <inheritdoc />
    public partial class BoundTimesOfRevocations : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddCheckConstraint(
                name: "ck_revoked_tokens_times",
                schema: "app",
                table: "revoked_tokens",
                sql: "least(issued_until, recorded_at, expires_at) >= '2000-01-01 00:00:00+00'\nAND greatest(issued_until, recorded_at, expires_at) < '9000-01-01 00:00:00+00'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropCheckConstraint(
                name: "ck_revoked_tokens_times",
                schema: "app",
                table: "revoked_tokens");
        }
    }
}
