using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HipaaTemplate.Platform.Database.Migrations
{
    /// <summary>Keys that sign the audit trail and whose private half is in a key service: several, one after the other.</summary>
    public partial class AddPublicSigningKeys : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                ALTER TABLE audit.signing_keys
                    ALTER COLUMN private_key DROP NOT NULL,
                    ALTER COLUMN wrapped DROP NOT NULL,
                    ADD CONSTRAINT ck_signing_keys_wrapped CHECK ((private_key IS NULL) = (wrapped IS NULL)),
                    DROP CONSTRAINT signing_keys_provider_key;
                CREATE UNIQUE INDEX ix_signing_keys_provider ON audit.signing_keys (provider) WHERE private_key IS NOT NULL;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // Refused while there is such a key: what it signed is verified by it.
            migrationBuilder.Sql("""
                ALTER TABLE audit.signing_keys
                    DROP CONSTRAINT ck_signing_keys_wrapped,
                    ALTER COLUMN private_key SET NOT NULL,
                    ALTER COLUMN wrapped SET NOT NULL;
                DROP INDEX audit.ix_signing_keys_provider;
                ALTER TABLE audit.signing_keys ADD CONSTRAINT signing_keys_provider_key UNIQUE (provider);
                """);
        }
    }
}
