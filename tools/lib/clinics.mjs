// Prints the demo clinics, one a line: slug, name and tenant id, separated by tabs.
import { clinics } from '../dev-idp/users.mjs';

for (const { slug, name, tenant_id: tenantId } of clinics) console.log([slug, name, tenantId].join('\t'));
