// Trees, checkpoints, signed notes, keys and anchors of docs/explanation/audit-format.md. For ../verify-audit.mjs.
import { createHash, createPublicKey, verify as isSignature } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MiB, base64, int32, integer, matching, month, need, parse, seconds, tenant, text } from './audit-format.mjs';

// RFC 6962: hashes, a growing tree, and inclusion (RFC 9162, 2.1.3.2).
const sha256 = (...parts) => { const hash = createHash('sha256'); for (const part of parts) hash.update(part); return hash.digest(); };
export const leafHash = (data) => sha256(Buffer.of(0), data);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

export class Tree {
  size = 0; peaks = [];
  append(hash) {
    for (let rest = this.size; rest % 2 === 1; rest = (rest - 1) / 2) hash = nodeHash(this.peaks.pop(), hash);
    this.peaks.push(hash); this.size++;
  }
  root() { return this.size === 0 ? sha256() : this.peaks.reduceRight((right, left) => nodeHash(left, right)); }
}

export function isIncluded(index, size, hash, proof, root) {
  if (index >= size) return false;
  let last = size - 1;
  const up = () => { index = Math.floor(index / 2); last = Math.floor(last / 2); };
  for (const sibling of proof) {
    if (last === 0) return false;
    if (index % 2 === 1 || index === last) {
      hash = nodeHash(sibling, hash);
      while (index % 2 === 0 && index !== 0) up();
    } else hash = nodeHash(hash, sibling);
    up();
  }
  return last === 0 && hash.equals(root);
}

// Checkpoints and signed notes (c2sp.org), and the keys.
export function readCheckpoint(checkpoint, more = 0) {
  const lines = text(checkpoint).toString().split('\n');
  need(checkpoint.length <= 65536 && lines.length === 4 + more && lines.pop() === '' && lines.every(Boolean), 'no checkpoint');
  need(!/[\0-\x09\x0b-\x1f]/.test(checkpoint) && /^(0|[1-9]\d*)$/.test(lines[1]), 'no checkpoint');
  const [size, root] = [integer(Number(lines[1])), base64(lines[2], 32)];
  need(size > 0 || root.equals(sha256()), 'no root of nothing');
  return { text: checkpoint, origin: lines[0], size, root, more: lines[3] };
}

export function readNote(note) {
  const end = text(note).toString().lastIndexOf('\n\n');
  need(Buffer.byteLength(note) <= 262144 && end >= 0 && end + 2 < note.length && note.endsWith('\n'), 'no note');
  const lines = note.slice(end + 2, -1).split('\n');
  need(lines.length <= 64 && !/[\0-\x09\x0b-\x1f]/.test(note), 'no note');
  const signatures = lines.map((line) => {
    const [, name, encoded] = matching(line, /^— [^\p{White_Space}+]+ [^ ]+$/u).split(' ');
    const bytes = base64(encoded);
    need(bytes.length > 4, 'no signature');
    return { name, id: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) };
  });
  const heads = readCheckpoint(note.slice(0, end + 1), 1);
  const trail = /^(.*)\/heads$/s.exec(heads.origin)?.[1];
  need(trail !== undefined && heads.more.startsWith('time '), 'no checkpoint of heads');
  return { ...heads, trail, time: seconds(heads.more.slice(5)), signatures };
}

// By a key of the trail's name, and by no given key falsely.
export function isSigned(note, keys) {
  const claims = note.signatures.flatMap((claim) => keys.filter(({ name, id }) => name === claim.name && id === claim.id)
    .map(({ name, key }) => ({ name, holds: isSignature('sha256', Buffer.from(note.text), key, claim.signature) })));
  return claims.every(({ holds }) => holds) && claims.some(({ name }) => name === note.trail);
}

export function readKeys(file) {
  const keys = { signers: [], macs: new Map() };
  readFileSync(file, 'utf8').split('\n').forEach((line, place) => {
    if (line === '' || line.startsWith('#')) return;
    try { readKey(line, keys); } catch { need(false, `line ${place + 1} of the keys is no key, or one of a version that has another`); }
  });
  return keys;
}
function readKey(line, { signers, macs }) {
  const [word, of, when, version, key, ...rest] = line.split(' ');
  if (word === 'mac') {
    tenant(of); month(when); int32(Number(matching(version, /^(0|[1-9]\d{0,9})$/)));
    need(rest.length === 0 && !macs.has(`${of} ${when} ${version}`), 'a MAC key twice');
    macs.set(`${of} ${when} ${version}`, base64(key, 32));
    return;
  }
  const [, name, keyId, encoded] = matching(line, /^[^\p{White_Space}+]+\+[0-9a-f]{8}\+[^ ]+$/u).match(/^([^+]+)\+(.{8})\+(.*)$/);
  const bytes = base64(encoded, 92);
  need(bytes[0] === 2 && sha256(bytes.subarray(1)).toString('hex', 0, 4) === keyId, 'a key of another id');
  signers.push({ name, id: keyId, key: createPublicKey({ key: bytes.subarray(1), format: 'der', type: 'spki' }) });
}

// Which numbers of one writer were seen: a bit each, because they come in any order.
export class Numbers {
  first = Infinity; last = -1; count = 0; pages = new Map(); voids = new Set();
  has(number) { return (this.page(number) & (1 << (number % 32))) !== 0; }
  add(number) {
    this.pages.set(Math.floor(number / 32), this.page(number) | (1 << (number % 32)));
    [this.first, this.last, this.count] = [Math.min(this.first, number), Math.max(this.last, number), this.count + 1];
  }
  page(number) { return this.pages.get(Math.floor(number / 32)) ?? 0; }
  isWhole() {
    const excused = [...this.voids].filter((number) => number > this.first && number < this.last && !this.has(number)).length;
    return this.last - this.first + 1 === this.count + excused;
  }
}

// Those that are good by themselves, in order.
export function readAnchors(directory, signers, found) {
  let [tree, end] = [new Tree(), 0];
  const anchors = [];
  for (const name of readdirSync(directory).filter((name) => /^\d{20}\.ndjson$/.test(name)).sort()) {
    found.check(`anchor ${name}`, () => {
      const bytes = readFileSync(join(directory, name));
      const content = bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes;
      need(bytes.length <= 64 * MiB && !content.includes(10), 'not one line');
      const line = parse(content);
      need(line.type === 'anchor' && Array.isArray(line.heads), 'no anchor');
      const [from, heads, note] = [integer(line.from), line.heads.map((head) => readCheckpoint(head)), readNote(line.note)];
      need(isSigned(note, signers), 'not signed by a given key');
      need(from + heads.length === note.size && name === `${String(note.size).padStart(20, '0')}.ndjson`, 'not as many heads as it says');
      need([note, ...heads].every(({ origin }) => origin.startsWith(`${anchors[0]?.note.trail ?? note.trail}/`)), 'of another trail');
      if (from > end) found.incomplete(`heads ${end} to ${from - 1} are in no anchor`);
      if (from < end) found.tampered(`anchor ${name} begins before the last one ended`);
      tree = from === end ? tree : undefined;
      end = note.size;
      anchors.push({ from, heads, note });
      if (tree) heads.forEach((head) => tree.append(leafHash(Buffer.from(head.text))));
      need(!tree || tree.root().equals(note.root), 'another root than its heads have');
    });
  }
  return anchors;
}
