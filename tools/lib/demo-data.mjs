// Sends the invented patients to the running API, each clinic's by its own doctor with a real token:
// the data takes the way that a user's takes. Patients that are there already are left as they are.
import { writeFileSync } from 'node:fs';
import { demoPatients } from './demo-patients.mjs';
import { signIn, SignInError } from './sign-in.mjs';
import { fail, issuer, stackSettings } from './stack.mjs';

const doctors = { northwind: 'dana@northwind.test', southgate: 'drew@southgate.test' };

class LoadError extends Error {}

const apiUrl = process.argv[2] ?? `http://localhost:${stackSettings().PORT}`;
if (!issuer()) fail('demo-data: nothing is running: start it with ./run');

try {
  const added = await Promise.all(Object.entries(doctors).map(([clinic, doctor]) => load(clinic, doctor)));
  await nameDemoPatient();
  const total = added.reduce((sum, count) => sum + count, 0);
  console.error(total > 0 ? `${total} demo patients loaded` : 'the demo patients are there already');
} catch (error) {
  if (!(error instanceof SignInError || error instanceof LoadError)) throw error;
  fail(`demo-data: ${error.message}`);
}

// Returns how many were added.
async function load(clinic, doctor) {
  const { access_token: accessToken } = await signIn(issuer(), doctor);
  const { items } = await call(accessToken, '?limit=100');
  const known = new Set(items.map(({ mrn }) => mrn));
  let added = 0;
  for (const patient of demoPatients(clinic)) {
    if (known.has(patient.mrn)) continue;
    if (await call(accessToken, '', { method: 'POST', body: JSON.stringify(patient) })) added += 1;
  }
  return added;
}

// The demo user with the role of a patient is the first of them: tokens from now on say so.
async function nameDemoPatient() {
  const { access_token: accessToken } = await signIn(issuer(), doctors.northwind);
  const { items } = await call(accessToken, '?limit=100');
  const patient = items.find(({ mrn }) => mrn === demoPatients('northwind')[0].mrn);
  if (patient && stackSettings().PORT) writeFileSync(new URL('../../.dev/demo-patient', import.meta.url), `${patient.id}\n`);
}

// Undefined when the record number is taken, which only means that the patient is further down the list.
async function call(accessToken, query, options = {}) {
  const response = await fetch(`${apiUrl}/api/v1/patients${query}`, {
    ...options,
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
  }).catch(() => {
    throw new LoadError(`the API at ${apiUrl} does not answer: start it with ./run`);
  });
  if (response.status === 409) return undefined;
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new LoadError(`the API answered ${response.status} ${body.code ?? ''} ${body.title ?? ''}`.trim());
  return body;
}
