// Measures how long the API takes over another tenant's patient and over an absent one, and compares them.
//
// What keeps noise from deciding: the two kinds follow each other in random order over one connection, so a
// busy moment hits both; there are as many absent ids as real ones, with their time stamps, so the index is
// entered at the same places; all are drawn beforehand, so nothing but the request differs; and of each kind
// the slowest hundredth is left out, which pauses of the runtime make.
import { randomBytes, randomInt } from 'node:crypto';
import { Agent, request } from 'node:http';
import { demoPatients } from './demo-patients.mjs';
import { signIn, SignInError } from './sign-in.mjs';
import { fail, issuer, stackSettings } from './stack.mjs';

const warmUp = 300;
const leftOut = 0.01;
// Test vector leakage assessment: beyond it two sets of measurements are not of one kind (ISO/IEC 17825).
const threshold = 4.5;
const owner = 'adam@northwind.test';
const attacker = 'ann@southgate.test'; // an admin: whoever may not delete is refused before the id is looked at

class MeasureError extends Error {}

const samples = Number(process.argv[2] ?? 1000);
if (!Number.isInteger(samples) || samples < 100 || process.argv.length > 3) {
  console.error('usage: tools/timing [SAMPLES], SAMPLES a whole number of 100 or more');
  process.exit(2);
}
if (!issuer()) fail('timing: nothing is running: start it with ./run');

const apiUrl = `http://localhost:${stackSettings().PORT}`;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const body = JSON.stringify(demoPatients('southgate')[0]);
const methods = { GET: {}, PUT: { body }, DELETE: {} };

try {
  const theirs = await idsOf(owner);
  console.log(`${samples} samples of each kind in random order over one connection, the slowest ${leftOut * 100} % of each kind left out`);
  console.log(row(['', "another tenant's, ms", 'absent, ms', "Welch's t", '']));
  for (const [method, options] of Object.entries(methods)) {
    report(method, await measure(method, options, theirs));
  }
} catch (error) {
  if (!(error instanceof SignInError || error instanceof MeasureError)) throw error;
  fail(`timing: ${error.message}`);
} finally {
  agent.destroy();
}

async function idsOf(user) {
  const { status, text } = await call('GET', '?limit=100', { token: await tokenOf(user) });
  const ids = status === 200 ? JSON.parse(text).items.map(({ id }) => id) : [];
  if (ids.length === 0) throw new MeasureError(`${user} sees no patients (status ${status}): load some with tools/demo-data`);
  return ids;
}

async function tokenOf(user) {
  return (await signIn(issuer(), user)).access_token;
}

// Returns the milliseconds of each sample, by kind.
async function measure(method, options, theirs) {
  const token = await tokenOf(attacker);
  const ids = { theirs, absent: theirs.map(absentLike) };
  const draw = (count) => shuffled(Object.entries(ids).flatMap(([kind, list]) =>
    Array.from({ length: count }, () => ({ kind, id: list[randomInt(list.length)] }))));
  for (const { id } of draw(warmUp)) await ask(method, id, { ...options, token });
  const times = { theirs: [], absent: [] };
  for (const { kind, id } of draw(samples)) times[kind].push(await ask(method, id, { ...options, token }));
  return times;
}

// Returns the milliseconds until the whole answer was there. One that had to connect first says nothing and
// is asked again.
async function ask(method, id, options) {
  for (;;) {
    const { status, text, milliseconds, reused } = await call(method, `/${id}`, options);
    if (status !== 404 || JSON.parse(text).code !== 'PAT_001') {
      throw new MeasureError(`${method} of a patient who is not the caller's was answered with ${status}: 404 PAT_001 was expected`);
    }
    if (reused) return milliseconds;
  }
}

function call(method, path, { token, body: content }) {
  const headers = { authorization: `Bearer ${token}`, 'if-match': '*' };
  if (content) Object.assign(headers, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) });
  return new Promise((resolve, reject) => {
    const began = process.hrtime.bigint();
    const sent = request(`${apiUrl}/api/v1/patients${path}`, { method, headers, agent }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({
        milliseconds: Number(process.hrtime.bigint() - began) / 1e6,
        status: response.statusCode,
        text: Buffer.concat(chunks).toString(),
        reused: sent.reusedSocket,
      }));
    });
    sent.on('error', () => reject(new MeasureError(`the API at ${apiUrl} does not answer: start it with ./run`)));
    sent.end(content);
  });
}

// A UUIDv7 of the same millisecond.
function absentLike(id) {
  const tail = randomBytes(8).toString('hex');
  return `${id.slice(0, 15)}${tail.slice(0, 3)}-8${tail.slice(3, 6)}-${randomBytes(6).toString('hex')}`;
}

function shuffled(list) {
  for (let last = list.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [list[last], list[other]] = [list[other], list[last]];
  }
  return list;
}

function report(method, times) {
  const [theirs, absent] = [statistics(times.theirs), statistics(times.absent)];
  const t = (theirs.mean - absent.mean) / Math.sqrt(theirs.variance / theirs.count + absent.variance / absent.count);
  const verdict = Math.abs(t) < threshold ? 'same class' : `NOT the same class: |t| is ${threshold} or more`;
  console.log(row([method, shown(theirs), shown(absent), t.toFixed(2), verdict]));
}

function statistics(times) {
  const kept = times.toSorted((one, other) => one - other).slice(0, Math.ceil(times.length * (1 - leftOut)));
  const mean = kept.reduce((sum, time) => sum + time, 0) / kept.length;
  const variance = kept.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (kept.length - 1);
  return { count: kept.length, mean, variance };
}

function shown({ mean, variance }) {
  return `${mean.toFixed(3)} ± ${Math.sqrt(variance).toFixed(3)}`;
}

function row([method, theirs, absent, t, verdict]) {
  return `${method.padEnd(8)}${theirs.padStart(22)}${absent.padStart(20)}${t.padStart(12)}  ${verdict}`.trimEnd();
}
