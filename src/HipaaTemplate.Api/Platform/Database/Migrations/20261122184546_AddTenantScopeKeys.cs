using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HipaaTemplate.Platform.Database.Migrations
{
    /// <summary>
    /// The key that SignedTenantScope's function checks signatures with. Not an entity: the API must not
    /// read it. The function itself is installed by every migrate up (TenantScopeSetup).
    /// </summary>
    public partial class AddTenantScopeKeys : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(name: "keys");

            migrationBuilder.Sql("""
                CREATE TABLE keys.tenant_scope_keys (
                    -- The key, padded to the block of SHA-256 and XORed with the ipad and the opad of RFC 2104.
                    inner_key bytea NOT NULL PRIMARY KEY CHECK (length(inner_key) = 64),
                    outer_key bytea NOT NULL CHECK (length(outer_key) = 64),
                    valid_until timestamptz NOT NULL);
                """);

            // For the owner, from whom the tenants' rows are hidden as well: a migration that has to change
            // them enters one tenant after the other. It sets what both forms of the tenant scope read.
            migrationBuilder.Sql("""
                CREATE FUNCTION keys.enter_tenant(tenant uuid) RETURNS void LANGUAGE plpgsql
                SET search_path = pg_catalog, pg_temp
                AS $function$
                DECLARE
                    signed text := concat(tenant, '.', extract(epoch FROM statement_timestamp())::bigint + 3600, '.');
                BEGIN
                    PERFORM set_config('app.tenant_id', tenant::text, true),
                        set_config('app.tenant_token', signed || encode(
                            sha256(outer_key || sha256(inner_key || convert_to(signed, 'UTF8'))), 'hex'), true)
                    FROM keys.tenant_scope_keys WHERE valid_until = 'infinity';
                END
                $function$;
                REVOKE ALL ON FUNCTION keys.enter_tenant(uuid) FROM PUBLIC;
                GRANT EXECUTE ON FUNCTION keys.enter_tenant(uuid) TO hipaa_owner;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                CREATE OR REPLACE FUNCTION app.current_tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
                SECURITY INVOKER
                AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;
                DROP SCHEMA keys CASCADE;
                """);
        }
    }
}
