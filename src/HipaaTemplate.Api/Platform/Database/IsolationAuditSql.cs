namespace HipaaTemplate.Platform.Database;

internal static partial class IsolationAudit
{
    private const string Owner = DatabaseRoles.Owner;
    private const string App = DatabaseRoles.App;
    private const string Reviewer = DatabaseRoles.Reviewer;

    /// <summary>Those that the API connects as, and that row-level security must bind.</summary>
    private const string IsBound = $"r.rolname IN ('{App}', '{Reviewer}')";

    private const string Condition = $"(tenant_id = {TenantFunction.Call})";

    /// <summary>Of pg_policy p: the policy as the SQL generator writes it.</summary>
    public const string IsTenantPolicy = $"""
        p.polname = '{IsolationSqlGenerator.PolicyName}' AND p.polpermissive
                    AND p.polcmd = '*' AND p.polroles = ARRAY[0::oid]
                    AND pg_get_expr(p.polqual, p.polrelid) = '{Condition}'
                    AND pg_get_expr(p.polwithcheck, p.polrelid) = '{Condition}'
        """;

    /// <summary>
    /// One row a violation. A table that nobody promised is held to the tenant rules if it has tenant_id,
    /// and must otherwise be out of the API's reach. Schemas that are not ours may be there, a hosted
    /// server's for example; in those the API's role may have nothing but what an extension brought.
    /// </summary>
    private static readonly string Sql = $"""
        WITH schemas AS (
            SELECT oid, nspname, nspowner FROM pg_namespace WHERE nspname = ANY (@schemas)
        ), tables AS (
            SELECT c.*, s.nspname || '.' || c.relname AS name, t.attnum AS tenant_column,
                s.nspname || '.' || c.relname = ANY (@global_tables || @expiring_tables) AS is_global,
                s.nspname || '.' || c.relname = ANY (@expiring_tables) AS is_expiring,
                s.nspname || '.' || c.relname = ANY (@append_tables) AS is_append,
                s.nspname || '.' || c.relname = ANY (@insert_tables) AS is_insert,
                s.nspname || '.' || c.relname = ANY (@tenant_tables) OR t.attnum IS NOT NULL AS is_tenant,
                s.nspname || '.' || c.relname = ANY (@tenant_tables || @insert_tables || @global_tables || @expiring_tables) AS is_known
            FROM pg_class c
            JOIN schemas s ON s.oid = c.relnamespace
            LEFT JOIN pg_attribute t
                ON t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped
            WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
        ), scoped AS (SELECT * FROM tables WHERE is_tenant AND NOT is_global
        ), privileges AS (
            SELECT t.name, t.is_tenant AND NOT t.is_global AS is_scoped, t.is_append, t.is_insert, t.is_global, t.is_expiring, t.is_known, p.privilege,
                has_table_privilege('{App}', t.oid, p.privilege)
                    OR p.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                    AND has_any_column_privilege('{App}', t.oid, p.privilege) AS is_held
            FROM tables t CROSS JOIN unnest(
                ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p(privilege)
        ), held_by_reviewer AS (
            SELECT n.nspname || '.' || c.relname AS name, p.privilege
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.rolname = '{Reviewer}'
            CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p(privilege)
            WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                AND (n.nspname = ANY (@schemas) OR has_schema_privilege(r.oid, n.oid, 'USAGE'))
                AND (has_table_privilege(r.oid, c.oid, p.privilege)
                    OR p.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege(r.oid, c.oid, p.privilege))
                AND NOT EXISTS (
                    SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
        )
        SELECT 'tenant_id is not uuid NOT NULL' AS rule, t.name AS subject FROM scoped t
            LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = t.tenant_column
            WHERE a.attnum IS NULL OR NOT a.attnotnull OR a.atttypid <> 'uuid'::regtype
        UNION ALL SELECT 'row-level security is not enabled', name FROM scoped WHERE NOT relrowsecurity
        UNION ALL SELECT 'row-level security is not forced', name FROM scoped WHERE NOT relforcerowsecurity
        UNION ALL SELECT 'no tenant policy with USING and WITH CHECK', t.name FROM scoped t
            WHERE NOT EXISTS (
                SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND {IsTenantPolicy})
        UNION ALL SELECT 'further permissive policy; policies are joined by OR', t.name || '.' || p.polname
            FROM scoped t JOIN pg_policy p ON p.polrelid = t.oid
            WHERE p.polpermissive AND p.polname <> '{IsolationSqlGenerator.PolicyName}'
                AND NOT (t.is_insert AND {AuditTables.IsReadingPolicy})
        UNION ALL SELECT 'policy that the model does not have', t.name || '.' || p.polname
            FROM tables t JOIN pg_policy p ON p.polrelid = t.oid
            WHERE NOT (t.is_tenant AND NOT t.is_global AND (p.polpermissive OR p.polname = '{IsolationSqlGenerator.PolicyName}'))
                AND NOT (t.is_expiring AND ({ExpiringPolicy.IsOne}))
        UNION ALL SELECT 'rows can be changed, or removed before they expire', t.name FROM tables t
            WHERE t.is_expiring AND (NOT t.relrowsecurity OR NOT t.relforcerowsecurity OR (
                SELECT count(*) <> {ExpiringPolicy.All.Count} FROM pg_policy p
                WHERE p.polrelid = t.oid AND ({ExpiringPolicy.IsOne})))
        UNION ALL SELECT 'primary key is not (tenant_id, id)', t.name FROM scoped t
            WHERE t.name <> '{AuditTables.PatientEvents}' AND NOT EXISTS (
                SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'id'
                WHERE i.indrelid = t.oid AND i.indisprimary AND i.indnkeyatts = 2
                    AND i.indkey[0] = t.tenant_column AND i.indkey[1] = a.attnum)
        UNION ALL SELECT 'primary key is not (tenant_id, patient_id, event_id)', t.name FROM scoped t
            WHERE t.name = '{AuditTables.PatientEvents}' AND NOT EXISTS (
                SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary AND pg_get_indexdef(i.indexrelid) LIKE '%(tenant_id, patient_id, event_id)')
        UNION ALL SELECT 'index does not lead with tenant_id', i.indexrelid::regclass::text
            FROM scoped t JOIN pg_index i ON i.indrelid = t.oid
            JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
            WHERE (i.indisunique OR m.amname = 'btree' AND NOT t.is_insert) AND i.indkey[0] IS DISTINCT FROM t.tenant_column
        UNION ALL SELECT 'index needs an operator that is not leakproof; row-level security keeps it from being used',
                i.indexrelid::regclass::text
            FROM scoped t JOIN pg_index i ON i.indrelid = t.oid
            JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree'
            WHERE NOT t.is_insert AND EXISTS (
                SELECT FROM unnest(i.indclass) k(class) JOIN pg_opclass o ON o.oid = k.class
                JOIN pg_amop e ON e.amopfamily = o.opcfamily AND e.amopstrategy = 3
                    AND e.amoplefttype = o.opcintype AND e.amoprighttype = o.opcintype
                JOIN pg_operator x ON x.oid = e.amopopr JOIN pg_proc f ON f.oid = x.oprcode
                WHERE NOT f.proleakproof)
        UNION ALL SELECT 'foreign key does not carry tenant_id on both sides', con.conrelid::regclass || '.' || con.conname
            FROM pg_constraint con JOIN scoped s ON s.oid = con.conrelid
            JOIN tables d ON d.oid = con.confrelid
            WHERE con.contype = 'f' AND NOT d.is_global AND NOT EXISTS (
                SELECT FROM unnest(con.conkey, con.confkey) k(here, there)
                WHERE k.here = s.tenant_column AND k.there = d.tenant_column)
        UNION ALL SELECT 'rows can be saved under a key that is destroyed', t.name FROM scoped t
            WHERE EXISTS (
                    SELECT FROM pg_constraint con WHERE con.conrelid = t.oid AND con.contype = 'f'
                        AND con.confrelid = to_regclass('{ErasureGuard.SubjectKeys}'))
                AND NOT EXISTS (
                    SELECT FROM pg_trigger g WHERE g.tgrelid = t.oid AND g.tgname = '{ErasureGuard.Trigger}' AND g.tgenabled IN ('O', 'A')
                        AND g.tgfoid = to_regprocedure('{ErasureGuard.Function}'))
        UNION ALL SELECT 'column counts across tenants (identity or sequence)', t.name || '.' || a.attname
            FROM scoped t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
            WHERE a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%'
        UNION ALL SELECT '{App} holds ' || privilege, name FROM privileges
            WHERE is_held AND (privilege IN ('TRUNCATE', 'REFERENCES', 'TRIGGER')
                OR is_append AND privilege IN ('UPDATE', 'DELETE')
                OR is_insert AND privilege IN ('SELECT', 'UPDATE', 'DELETE')
                OR NOT is_scoped AND NOT (is_global AND privilege = 'SELECT')
                    AND NOT (is_expiring AND privilege IN ('INSERT', 'DELETE')))
        UNION ALL SELECT '{App} lacks ' || privilege, name FROM privileges
            WHERE NOT is_held AND is_known
                AND (privilege = 'SELECT' AND NOT is_insert
                    OR is_scoped AND (privilege = 'INSERT' OR NOT is_append AND NOT is_insert AND privilege IN ('UPDATE', 'DELETE'))
                    OR is_expiring AND privilege IN ('INSERT', 'DELETE'))
        UNION ALL SELECT '{App} holds a privilege on a partition, which has policies of its own', c.oid::regclass::text
            FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
            WHERE c.relispartition AND c.relkind IN ('r', 'p')
                AND has_table_privilege('{App}', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
        UNION ALL SELECT '{App} reaches a table of another schema', c.oid::regclass::text
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> ALL (@schemas)
                AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND has_schema_privilege('{App}', n.oid, 'USAGE')
                AND (has_table_privilege('{App}', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
                    OR has_any_column_privilege('{App}', c.oid, 'SELECT, INSERT, UPDATE'))
                AND NOT EXISTS (
                    SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
        UNION ALL SELECT '{App} may use a sequence', c.oid::regclass::text
            FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
            -- CASE, because the planner may ask for the privilege first, and it is an error for a table.
            WHERE CASE c.relkind WHEN 'S' THEN has_sequence_privilege('{App}', c.oid, 'USAGE, SELECT, UPDATE') END
        UNION ALL SELECT 'object is not owned by {Owner}', c.oid::regclass::text
            FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relowner::regrole::text <> '{Owner}'
        UNION ALL SELECT 'schema is not owned by {Owner}', nspname FROM schemas
            WHERE nspowner::regrole::text <> '{Owner}'
        UNION ALL SELECT 'function is not owned by {Owner}', p.oid::regprocedure::text
            FROM pg_proc p JOIN schemas s ON s.oid = p.pronamespace
            WHERE p.proowner::regrole::text <> '{Owner}'
        UNION ALL SELECT 'role is missing', r.name FROM unnest(ARRAY['{Owner}', '{App}', '{DatabaseRoles.Auditor}', '{DatabaseRoles.Sealer}', '{Reviewer}']) r(name)
            WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r.name)
        UNION ALL SELECT 'role is superuser, bypasses row-level security, replicates or makes roles or databases', rolname
            FROM pg_roles WHERE rolname IN ('{Owner}', '{App}', '{DatabaseRoles.Auditor}', '{DatabaseRoles.Sealer}', '{Reviewer}')
                AND (rolsuper OR rolbypassrls OR rolreplication OR rolcreaterole OR rolcreatedb)
        UNION ALL SELECT r.rolname || ' is a member of another role', m.roleid::regrole::text
            FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member AND {IsBound}
        UNION ALL SELECT r.rolname || ' owns an object', c.oid::regclass::text
            FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner AND {IsBound}
            WHERE c.relpersistence <> 't'
        UNION ALL SELECT r.rolname || ' may create in the schema', nspname
            FROM pg_namespace n JOIN pg_roles r ON {IsBound}
            WHERE nspname !~ '^pg_' AND has_schema_privilege(r.oid, n.oid, 'CREATE')
        UNION ALL SELECT r.rolname || ' may create in the database', current_database()::text
            FROM pg_roles r WHERE {IsBound} AND has_database_privilege(r.oid, current_database(), 'CREATE')
        UNION ALL SELECT '{Reviewer} holds ' || h.privilege, h.name FROM held_by_reviewer h
            WHERE h.privilege <> 'SELECT' OR h.name <> ALL (@reviewed_tables)
        UNION ALL SELECT '{Reviewer} lacks SELECT', w.name FROM unnest(@reviewed_tables) w(name)
            WHERE NOT EXISTS (SELECT FROM held_by_reviewer h WHERE h.name = w.name AND h.privilege = 'SELECT')
        UNION ALL SELECT 'view runs with its owner''s rights', c.oid::regclass::text
            FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
            WHERE c.relkind = 'v'
                AND NOT coalesce(c.reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false)
        UNION ALL SELECT '{App} reads a materialized view, which has no policies', c.oid::regclass::text
            FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
            WHERE c.relkind = 'm' AND has_table_privilege('{App}', c.oid, 'SELECT')
        UNION ALL SELECT 'function runs with its owner''s rights', p.oid::regprocedure::text
            FROM pg_proc p JOIN schemas s ON s.oid = p.pronamespace
            WHERE p.prosecdef AND EXISTS (SELECT FROM pg_roles r WHERE {IsBound} AND has_function_privilege(r.oid, p.oid, 'EXECUTE'))
                AND p.oid IS DISTINCT FROM to_regprocedure('{TenantFunction.Call}')
        UNION ALL SELECT 'the tenant function is not the one of this build', '{TenantFunction.Call}'
            WHERE NOT EXISTS (
                SELECT FROM pg_proc p WHERE p.oid = to_regprocedure('{TenantFunction.Call}')
                    AND p.prosrc = @tenant_function AND p.provolatile = 's' AND p.prosecdef = @tenant_function_is_definer
                    AND (NOT p.prosecdef OR p.proconfig = ARRAY['search_path=pg_catalog, pg_temp']))
        ORDER BY 1, 2
        """;
}
