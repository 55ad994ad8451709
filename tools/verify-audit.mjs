// Verifies a bundle of the audit trail as docs/explanation/audit-format.md says, with Node.js 20 or newer and nothing else. Exit status:
// 0 clean, 2 tampered or wrong usage, 3 incomplete, 1 no verdict, as when a file cannot be read.
import { createHash, createHmac, createPublicKey, verify as isSignature } from 'node:crypto';
import { createReadStream, readFileSync, readdirSync } from 'node:fs';
const need = (holds, otherwise) => { if (!holds) throw new Error(otherwise); };
const [MiB, keys] = [1024 * 1024, new Map()]; // the keys that were given, by what each is for
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const [leafHash, nodeHash] = [(leaf) => sha256(Buffer.of(0), Buffer.from(leaf)), (left, right) => sha256(Buffer.of(1), left, right)]; // RFC 6962
const append = (tree, hash, size = 1) => (tree.at(-1)?.size === size ? append(tree, nodeHash(tree.pop().hash, hash), 2 * size) : tree.push({ size, hash }));
const rootOf = (tree) => (tree.length === 0 ? sha256() : tree.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right)));
function rootBy(proof, index, size, hash) { // where a proof of inclusion leads to (RFC 9162, 2.1.3.2, from the root down)
  if (size <= 1 || proof.length === 0) return size === 1 && index === 0 && proof.length === 0 ? hash : Buffer.alloc(0); // which is no root
  const [left, rest, sibling] = [2 ** ((size - 1).toString(2).length - 1), proof.slice(0, -1), proof.at(-1)];
  return index < left ? nodeHash(rootBy(rest, index, left, hash), sibling) : nodeHash(sibling, rootBy(rest, index - left, size - left, hash));
}
const text = (value) => { need(typeof value === 'string' && value.isWellFormed(), 'no text'); return Buffer.from(value); }; // values, as bytes
const matching = (value, pattern) => { const match = pattern.exec(text(value)); need(match, `not as ${pattern}`); return match; };
const one = (...values) => (value) => { need(values.includes(value), `none of ${values}`); return text(value); };
const optional = (read) => (value) => (value === null ? null : read(value));
const list = (read) => (value) => { need(Array.isArray(value), 'no list'); return value.map((element) => read(element)); };
const joined = (read) => (value) => Buffer.concat(list(read)(value));
const id = (value) => Buffer.from(matching(value, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)[0].replaceAll('-', ''), 'hex');
const tenant = (value) => { need(/[^0-]/.test(value), 'the nil UUID'); return id(value); };
const bigEndian = (number, length) => Buffer.from(number.toString(16).padStart(2 * length, '0'), 'hex');
const integer = (value) => { need(Number.isSafeInteger(value) && value >= 0, 'no whole number'); return value; };
const int32 = (value) => { need(integer(value) < 2 ** 31, 'too large'); return bigEndian(value, 4); };
const int64 = (value) => bigEndian(integer(value), 8);
const base64 = (value) => { const bytes = Buffer.from(value, 'base64'); need(bytes.toString('base64') === value, 'no base64'); return bytes; };
const hash = (value) => { const bytes = base64(value); need(bytes.length === 32, 'not of 32 bytes'); return bytes; };
const time = (value) => { need(new Date(value).toISOString() === value.replace('Z', '.000Z') && value > '1970', 'no time'); return Date.parse(value); };
const month = (value) => time(`${text(value)}-01T00:00:00Z`);
const at = (value) => bigEndian(1000n * BigInt(time(`${matching(value, /^(.{19})\.\d{6}Z$/)[1]}Z`)) + BigInt(value.slice(20, 26)), 8);
const record = ([access, table, row, ...more]) => Buffer.concat([one(...'CRUD')(access), int32(table), id(row), ...more.map(one())]);
function checkpoint(value, isOfHeads = false) {
  const [, origin, size, root, when] = matching(value, /^([^\0-\x1f]+)\n(0|[1-9]\d*)\n(.{44})\n(?:time (.{20})\n)?$/);
  need(value.length <= 65536 && Boolean(when) === isOfHeads && (size > 0 || hash(root).equals(sha256())), 'no checkpoint');
  return { text: value, origin, size: integer(Number(size)), root: hash(root), time: when && time(when) };
}
const signature = ([, name, encoded]) => ({ name, key: keys.get(`${name}+${base64(encoded).toString('hex', 0, 4)}`), bytes: base64(encoded).subarray(4) });
function note(value) { // signed by a given key of the trail's name, and by no given key falsely (c2sp.org/signed-note)
  const [, signed, trail, lines] = matching(value, /^(([^\n]*)\/heads\n.*\n)\n((?:— [^\p{White_Space}\0-\x1f+]+ \S+\n){1,64})$/su);
  const [heads, signatures] = [checkpoint(signed, true), Array.from(lines.matchAll(/— (.+) (.+)\n/g), signature)];
  need(text(value).length <= MiB / 4 && signatures.every(({ bytes }) => bytes.length > 0), 'no note');
  need(signatures.some(({ name, key }) => key && name === trail), 'the heads are not signed by a given key of their trail');
  need(signatures.every(({ key, bytes }) => !key || isSignature('sha256', text(signed), key, bytes)), 'the heads are signed falsely');
  return { ...heads, trail };
}
const fields = { tenant: id, id, at, writer: id, number: int64, void: joined(int64), action: text, outcome: text, code: optional(text), actor_type: text,
  actor: optional(text), session: optional(text), address: optional(text), purpose: optional(text), endpoint: optional(text), request: optional(text),
  trace: optional(text), detail: optional(text), patients: joined(id), records: joined(record), key_version: int32 };
const encode = (values) => Buffer.concat(values.flatMap((bytes) => (bytes === null ? [Buffer.alloc(4, 255)] : [bigEndian(bytes.length, 4), bytes])));
const types = { bundle: { format: one('hipaa-audit-bundle/v1'), kind: one('log', 'proof'), tenant, month, exported_at: time },
  event: { leaf: optional(integer), ...fields, mac: hash }, inclusion: { proof: list(hash) },
  head: { checkpoint, index: integer, proof: list(hash), note }, anchor: { from: integer, heads: list(checkpoint), note } };
function parse(bytes, type, longest = MiB, end = '') { // its members as they are in JSON, and as they are read
  const [json, members] = [JSON.parse(bytes), Object.entries(types[type])];
  need(bytes.length <= longest && bytes.equals(Buffer.from(JSON.stringify(json) + end)) && json.type === type, 'too long, spelt otherwise, or another type');
  need(JSON.stringify(Object.keys(json)) === JSON.stringify(['type', ...members.map(([name]) => name)]), 'other members, or in another order');
  return { json, ...Object.fromEntries(members.map(([name, read]) => [name, read(json[name])])) };
}
async function* linesOf(file) { // none behind one that is too long
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: MiB })) {
    rest = Buffer.concat([rest, chunk]);
    for (let end; (end = rest.indexOf(10)) >= 0; rest = rest.subarray(end + 1)) yield rest.subarray(0, end);
    if (rest.length > MiB) break;
  }
  if (rest.length > 0) yield rest;
}
function readKey(line) {
  const [, of, when, version, mac, signer, id, spki] = matching(line, /^(?:mac (\S+) (\S+) (0|[1-9]\d*) (\S+)|([^\p{White_Space}\0-\x1f+]+\+([0-9a-f]{8}))\+(Aj\S+))$/u);
  if (mac) need(tenant(of) && month(when) >= 0 && int32(Number(version)), 'no MAC key');
  const key = mac ? hash(mac) : createPublicKey({ key: base64(spki).subarray(1), format: 'der', type: 'spki' });
  need(mac || (base64(spki).length === 92 && sha256(base64(spki).subarray(1)).toString('hex', 0, 4) === id), 'no key of that id');
  need(keys.size < keys.set(mac ? `/${of}/${when} ${version}` : signer, key).size, 'two keys for the same');
}
async function verify(file, directory, found) { // throws at the first thing that is wrong; found.open is what is merely not proven
  const [tree, ids, writers, roots, anchors] = [[], new Set(), new Map(), new Map(), found.anchors];
  let [place, sealed, mine, all, end, log, isLog, fault, inclusion, head] = [-1, 0, [], [], 0]; // all heads, until some are missing
  const readAnchor = (name) => {
    const { from, heads, note: { trail, size, root, time } } = parse(readFileSync(`${directory}/${name}`), 'anchor', 64 * MiB, '\n');
    need(from >= end && from + heads.length === size && Number(name.slice(0, 20)) === size, 'an anchor has not the heads that it says');
    need(trail === (anchors[0]?.trail ?? trail) && heads.every(({ origin }) => origin.startsWith(`${trail}/`)), 'an anchor of another trail');
    if (from > end) found.open.push(`heads ${end} to ${from - 1} are in no anchor`);
    [all, end] = [from === end && all, size];
    if (all) for (const { text } of heads) append(all, leafHash(text));
    need(!all || rootOf(all).equals(root), 'an anchor has another root than the heads');
    anchors.push({ from, trail, size, root });
    mine = mine.concat(heads.map((head, at) => ({ ...head, index: from + at, time })).filter(({ origin }) => origin === trail + log));
  };
  for await (const bytes of linesOf(file)) {
    const next = head ? 'nothing' : bytes.length <= MiB && /^{"type":"head"/.test(bytes) ? 'head' : 'event';
    const type = !log ? 'bundle' : isLog ? next : ['event', 'inclusion', 'head'][place];
    found.badLeaf = isLog && type === 'event' ? [`the first bad leaf is ${place}`] : [];
    const { json, leaf, mac, index, proof, checkpoint, note, ...rest } = parse(bytes, type);
    if (type === 'bundle') {
      [found.bundle, log, isLog] = [json, `/${json.tenant}/${json.month}`, json.kind === 'log'];
      try { if (directory && isLog) readdirSync(directory).filter((name) => /^\d{20}\.ndjson$/.test(name)).sort().forEach(readAnchor); } catch (error) { fault = error; }
      for (const { size } of mine) roots.set(size, size === 0 ? rootOf(tree) : undefined);
    } else if (type === 'event') {
      const [encoded, key] = [encode([text('hipaa-audit/v1'), ...Object.values(rest)]), keys.get(`${log} ${json.key_version}`)];
      const { numbers, voids } = writers.get(json.writer) ?? { numbers: new Set(), voids: new Set() };
      need(log === `/${json.tenant}/${json.at.slice(0, 7)}`, 'of another tenant or month');
      need(!isLog || leaf === null || (leaf === sealed && leaf === ids.size), 'not the leaf that comes next');
      need(!key || createHmac('sha256', key).update(encoded).digest().equals(mac), 'its MAC is not that of its bytes');
      need(ids.size < ids.add(json.id).size && numbers.size < numbers.add(json.number).size, 'its id or its number is there twice');
      writers.set(json.writer, { numbers, voids: json.void.reduce((all, number) => all.add(number), voids) });
      [found.events, found.macs, found.leaf] = [ids.size, found.macs + (key ? 1 : 0), leaf];
      if (leaf !== null) append(tree, leafHash(Buffer.concat([encoded, mac])));
      if (leaf !== null && roots.has(++sealed)) roots.set(sealed, rootOf(tree));
    } else if (type === 'inclusion') { inclusion = proof; } else {
      [head, found.heads] = [{ index, checkpoint, note }, note.text.trimEnd().replaceAll('\n', ' ')];
      const root = isLog ? checkpoint.size === sealed && rootOf(tree) : rootBy(inclusion, found.leaf, checkpoint.size, tree[0].hash);
      need(checkpoint.origin === note.trail + log && root.equals(checkpoint.root), 'not the root that was signed of this log');
      need(rootBy(proof, index, note.size, leafHash(checkpoint.text)).equals(note.root), 'the checkpoint is not in the heads');
    }
    [place, found.badLeaf] = [place + 1, []];
  }
  for (const [writer, { numbers, voids }] of writers) {
    const known = [...new Set([...numbers, ...voids])].sort((one, other) => one - other);
    const [first, last] = [known.findIndex((number) => numbers.has(number)), known.findLastIndex((number) => numbers.has(number))];
    need(known[last] - known[first] === last - first, `a number of writer ${writer} is missing`);
  }
  need(isLog || head, 'no bundle, or a proof without a head');
  if (fault) throw fault;
  if (sealed < ids.size || (!head && ids.size > 0)) found.open.push(`${ids.size - sealed} events are not sealed, or there is no head`);
  if (!directory || !isLog) return;
  const [{ size, root, trail }, exportedAt] = [head?.note ?? { size: 0 }, time(found.bundle.exported_at)];
  const isHeld = head && anchors.some((anchor) => anchor.from <= head.index && head.index < anchor.size);
  need(mine.every((known) => (known.index < size ? roots.get(known.size)?.equals(known.root) : known.time >= exportedAt)), 'the anchors have other events');
  need(!isHeld || mine.some(({ index, text }) => index === head.index && text === head.checkpoint.text), 'the anchors have another head in its place');
  need(!head || anchors.every((anchor) => anchor.trail === trail && (anchor.size !== size || anchor.root.equals(root))), 'the anchors have other heads');
  if (!anchors.some((anchor) => anchor.size >= size)) found.open.push('no anchor is as new as the bundle');
}
export async function exitStatusOf([file, keysFile, directory, ...more], print) {
  const found = { status: 1, open: [], badLeaf: [], anchors: [], events: 0, macs: 0, leaf: null, heads: 'none' };
  if (!keysFile || more.length > 0) { print('usage: node verify-audit.mjs BUNDLE KEYS [DIRECTORY OF ANCHORS]'); return 2; }
  try {
    keys.clear();
    for (const line of readFileSync(keysFile, 'utf8').split('\n')) if (line !== '' && !line.startsWith('#')) readKey(line);
    found.status = 2;
    await verify(file, directory, found);
    found.status = found.open.length === 0 ? 0 : 3;
  } catch (error) { [found.status, found.wrong] = [error.errno || /maximum size/.test(error.message) ? 1 : found.status, [error.message]]; }
  print([['clean', 'no verdict', 'tampered', 'incomplete'][found.status], ...(found.wrong ?? found.open), ...found.badLeaf].join('\n  '));
  if (found.bundle) print(`  ${found.bundle.kind} of tenant ${found.bundle.tenant}, month ${found.bundle.month}, exported at ${found.bundle.exported_at}`);
  print(`  events ${found.events}, MACs checked ${found.macs}, last leaf ${found.leaf}, anchors ${found.anchors.length}, signed heads: ${found.heads}`);
  return found.status;
}
if (process.argv[1]?.endsWith('verify-audit.mjs')) process.exitCode = await exitStatusOf(process.argv.slice(2), console.log);
