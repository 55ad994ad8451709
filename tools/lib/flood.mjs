// flood.mjs URL TOKEN COUNT SECONDS: sends COUNT copies of the token under invented key ids, evenly over SECONDS.
// Each has to be refused.
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { fail } from './stack.mjs';

const [url, token, count, seconds] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const [header, payload, signature] = token.split('.');

function invented() {
  const members = JSON.parse(Buffer.from(header, 'base64url'));
  const other = Buffer.from(JSON.stringify({ ...members, kid: randomUUID() })).toString('base64url');
  return `${other}.${payload}.${signature}`;
}

const ask = () => new Promise((resolve, reject) => {
  request(url, { agent, headers: { authorization: `Bearer ${invented()}` } }, (response) => {
    response.resume();
    response.on('end', () => resolve(response.statusCode));
  }).on('error', reject).end();
});

const began = performance.now();
const answers = [];
for (let sent = 0; sent < count; sent++) {
  answers.push(ask());
  const ahead = began + (1000 * seconds * (sent + 1)) / count - performance.now();
  if (ahead > 2) await new Promise((resolve) => { setTimeout(resolve, ahead); });
}
const wrong = (await Promise.all(answers)).filter((status) => status !== 401);
agent.destroy();
if (wrong.length > 0) fail(`flood: ${wrong.length} of ${count} were not refused with 401, the first with ${wrong[0]}`);
