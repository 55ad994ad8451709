// The demo users: the only accounts there are.
import { readFileSync } from 'node:fs';

const file = JSON.parse(readFileSync(new URL('./users.json', import.meta.url), 'utf8'));

export const clinics = file.clinics;

export const users = file.users.map((user) => {
  const clinic = clinics.find(({ slug }) => slug === user.clinic);
  return { ...user, clinicName: clinic?.name ?? 'no clinic', tenantId: clinic?.tenant_id };
});

export const userByEmail = (email) => users.find((user) => user.email === email);
export const userBySubject = (subject) => users.find((user) => user.sub === subject);

// Which patient the demo patient is: known once tools/demo-data has registered one.
const patientFile = process.env.DEV_IDP_PATIENT;

function patientClaim(user) {
  if (!patientFile || !user.roles.includes('patient')) return {};
  try {
    return { patient_id: readFileSync(patientFile, 'utf8').trim() };
  } catch {
    return {};
  }
}

// What a token says about a user beside `sub`. A user without a clinic has no tenant_id at all,
// which is how an identity provider looks that was not set up for this API.
export const tenancyClaims = (user) => ({
  ...(user.tenantId && { tenant_id: user.tenantId }),
  roles: user.roles,
  ...patientClaim(user),
});

export const profileClaims = (user) => ({
  sub: user.sub,
  email: user.email,
  email_verified: true,
  name: user.name,
  ...tenancyClaims(user),
});
