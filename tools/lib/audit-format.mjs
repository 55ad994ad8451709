// What lines of docs/explanation/audit-format.md hold, each value in its one spelling. For ../verify-audit.mjs.
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

export class Malformed extends Error {}
export const need = (holds, otherwise) => { if (!holds) throw new Malformed(otherwise); };
export const MiB = 1024 * 1024;

// Values of JSON, each in its one spelling, to bytes.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
export const text = (value) => { need(typeof value === 'string' && value.isWellFormed(), 'no text'); return Buffer.from(value); };
export const matching = (value, pattern) => { need(typeof value === 'string' && pattern.test(value), `not as ${pattern}`); return value; };
export const id = (value) => Buffer.from(matching(value, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/).replaceAll('-', ''), 'hex');
export const tenant = (value) => { need(/[^0-]/.test(value), 'the nil UUID'); return id(value); };
export const month = (value) => matching(value, /^(19[7-9]|[2-9]\d\d)\d-(0[1-9]|1[0-2])$/);
const whole = (value, most) => { need(Number.isSafeInteger(value) && value >= 0 && value <= most, 'no whole number'); return value; };
export const integer = (value) => whole(value, Number.MAX_SAFE_INTEGER);
export const int32 = (value) => { const bytes = Buffer.alloc(4); bytes.writeInt32BE(whole(value, 2 ** 31 - 1)); return bytes; };
const int64 = (value) => { const bytes = Buffer.alloc(8); bytes.writeBigInt64BE(BigInt(value)); return bytes; };
const list = (item) => (value) => { need(Array.isArray(value), 'no list'); return Buffer.concat(value.map(item)); };
const optional = (item) => (value) => (value === null ? null : item(value));
export const seconds = (value) => { // milliseconds since 1970 of a time as 2026-11-28T10:15:00Z
  const time = Date.parse(matching(value, /^(19[7-9]|[2-9]\d\d)\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/));
  need(!Number.isNaN(time) && new Date(time).toISOString() === value.replace('Z', '.000Z'), 'no time');
  return time;
};
const microseconds = (value) => {
  const [, whole, fraction] = matching(value, /^.{19}\.\d{6}Z$/).match(/^(.*)\.(\d{6})Z$/);
  return int64(BigInt(seconds(`${whole}Z`)) * 1000n + BigInt(fraction));
};
export const base64 = (value, length) => {
  const bytes = Buffer.from(text(value).toString(), 'base64');
  need(bytes.toString('base64') === value && (length === undefined || bytes.length === length), 'no base64 of that length');
  return bytes;
};
export const hashes = (value) => { need(Array.isArray(value), 'no list'); return value.map((hash) => base64(hash, 32)); };
const record = (value) => {
  need(Array.isArray(value) && value.length === 3 && /^[CRUD]$/.test(matching(value[0], /^.$/)), 'no record');
  return Buffer.concat([Buffer.from(value[0]), int32(value[1]), id(value[2])]);
};
const eventFields = Object.entries({
  tenant: id, id, at: microseconds, writer: id, number: (value) => int64(integer(value)), void: list((value) => int64(integer(value))),
  action: text, outcome: text, code: optional(text), actor_type: text, actor: optional(text), session: optional(text),
  address: optional(text), purpose: optional(text), endpoint: optional(text), request: optional(text), trace: optional(text), detail: optional(text),
  patients: list(id), records: list(record), key_version: int32,
});
const members = {
  bundle: ['type', 'format', 'kind', 'tenant', 'month', 'exported_at'], inclusion: ['type', 'proof'],
  head: ['type', 'checkpoint', 'index', 'proof', 'note'], anchor: ['type', 'from', 'heads', 'note'],
  event: ['type', 'leaf', ...eventFields.map(([name]) => name), 'mac'],
};

// The bytes that an event's mac is of.
export function encode(event) {
  const fields = [Buffer.from('hipaa-audit/v1'), ...eventFields.map(([name, bytes]) => bytes(event[name]))];
  return Buffer.concat(fields.flatMap((bytes) => (bytes === null ? [Buffer.alloc(4, 255)] : [int32(bytes.length), bytes])));
}

// One line as an object with exactly the members of its type, in their order.
export function parse(line) {
  need(line !== null, 'too long');
  let json, value;
  try { json = utf8.decode(line); value = JSON.parse(json); } catch { need(false, 'no JSON'); }
  const bare = json.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/g, '""');
  need(value !== null && typeof value === 'object' && Object.hasOwn(members, value.type), 'of no known type');
  need(JSON.stringify(Object.keys(value)) === JSON.stringify(members[value.type]), 'other members, or in another order');
  need(bare.split(':').length - 1 === Object.keys(value).length, 'a member twice'); // JSON.parse keeps the last
  need(!/[.eE-]/.test(bare), 'a number that is not digits alone');
  return value;
}

// As bytes; null for one of more than 1 MiB.
export async function* linesOf(file) {
  const source = createReadStream(file, { highWaterMark: MiB });
  let [parts, length] = [[], 0];
  for await (const chunk of file.endsWith('.gz') ? pipeline(source, createGunzip(), () => {}) : source) {
    for (let from = 0; from < chunk.length;) {
      const end = chunk.indexOf(10, from);
      const part = chunk.subarray(from, end < 0 ? chunk.length : end);
      parts = (length += part.length) > MiB ? [] : [...parts, part];
      from += part.length + 1;
      if (end < 0) break;
      yield length > MiB ? null : Buffer.concat(parts);
      [parts, length] = [[], 0];
    }
  }
  if (length > 0) yield length > MiB ? null : Buffer.concat(parts);
}
