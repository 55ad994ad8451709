#!/usr/bin/env node
// Verifies a bundle of the audit trail as docs/explanation/audit-format.md says. Needs Node.js, lib/audit-format.mjs
// and lib/audit-log.mjs, and nothing else: no network, no database, no package.
//
//   node verify-audit.mjs --bundle FILE --keys FILE [--anchors DIRECTORY]
//
// Exit status: 0 clean, 2 tampered or wrong usage, 3 incomplete, 1 when a file cannot be read.
import { createHmac } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Malformed, base64, encode, hashes, id, integer, linesOf, month, need, parse, seconds, tenant } from './lib/audit-format.mjs';
import { Numbers, Tree, isIncluded, isSigned, leafHash, readAnchors, readCheckpoint, readKeys, readNote } from './lib/audit-log.mjs';

class Findings {
  texts = []; count = 0; isTampered = false; first;
  add(text) { if (this.count++ < 10) this.texts.push(text); }
  tampered(text) { this.isTampered = true; this.add(`tampered: ${text}`); }
  incomplete(text) { this.add(`incomplete: ${text}`); }
  badLeaf(leaf, text) { this.first = Math.min(this.first ?? leaf, leaf); this.tampered(`leaf ${leaf}: ${text}`); }
  check(what, look) {
    try { look(); } catch (error) { if (!(error instanceof Malformed)) throw error; this.tampered(`${what}: ${error.message}`); }
  }
  get status() { return this.isTampered ? 2 : this.count > 0 ? 3 : 0; }
}

async function verify({ bundle: file, keys: keysFile, anchors: directory }) {
  const { signers, macs } = readKeys(keysFile);
  const found = new Findings();
  const [tree, ids, writers, roots] = [new Tree(), new Set(), new Map(), new Map()];
  let [bundle, anchors, head, inclusion, leaf, hash, mine, place] = [undefined, [], undefined, undefined, undefined, undefined, [], -2];
  const counts = { events: 0, sealed: 0, macs: 0, withoutKey: 0 };

  const readBundle = (line) => {
    need(line.type === 'bundle' && line.format === 'hipaa-audit-bundle/v1' && ['log', 'proof'].includes(line.kind), 'no bundle');
    tenant(line.tenant); month(line.month);
    bundle = { ...line, time: seconds(line.exported_at), isProof: line.kind === 'proof' };
    if (directory && !bundle.isProof) anchors = readAnchors(directory, signers, found);
    mine = anchors.flatMap(({ from, heads, note }) => heads.map((head, at) => ({ ...head, index: from + at, time: note.time, trail: note.trail })))
      .filter(({ origin, trail }) => origin === `${trail}/${bundle.tenant}/${bundle.month}`);
    for (const { size } of mine) roots.set(size, size === 0 ? tree.root() : undefined);
  };
  const readEvent = (event) => {
    need(!inclusion && !(bundle.isProof && counts.events > 0), 'an event too many');
    const [encoded, mac, isSealed] = [encode(event), base64(event.mac, 32), event.leaf !== null];
    if (isSealed) integer(event.leaf);
    const wrong = (what) => found.badLeaf(bundle.isProof ? event.leaf : place, what);
    if (bundle.isProof ? !isSealed : isSealed && (event.leaf !== (leaf === undefined ? 0 : leaf + 1) || counts.sealed < counts.events)) wrong('not the leaf that comes next');
    if (event.tenant !== bundle.tenant || !event.at.startsWith(bundle.month)) wrong('of another tenant or month');
    if (ids.size === ids.add(id(event.id).toString('latin1')).size) wrong('an id that is there twice');
    const key = macs.get(`${bundle.tenant} ${bundle.month} ${event.key_version}`);
    if (key && !createHmac('sha256', key).update(encoded).digest().equals(mac)) wrong('its MAC is not that of its bytes');
    counts[key ? 'macs' : 'withoutKey']++;
    if (!writers.has(event.writer)) writers.set(event.writer, new Numbers());
    const numbers = writers.get(event.writer);
    if (numbers.has(event.number)) wrong('a number of its writer that is there twice'); else numbers.add(event.number);
    for (const number of event.void) numbers.voids.add(number);
    counts.events++;
    if (!isSealed) return;
    [leaf, hash] = [event.leaf, leafHash(Buffer.concat([encoded, mac]))];
    counts.sealed++;
    tree.append(hash);
    if (roots.has(tree.size)) roots.set(tree.size, tree.root());
  };
  const readLine = (line) => {
    need(!head, 'a line behind the head');
    if (line.type === 'event') readEvent(line);
    else if (line.type === 'inclusion') { need(bundle.isProof && !inclusion, 'an inclusion too many'); inclusion = hashes(line.proof); }
    else if (line.type === 'head') head = { index: integer(line.index), proof: hashes(line.proof), ...readCheckpoint(line.checkpoint), note: readNote(line.note) };
    else need(false, 'a line of another type');
  };

  for await (const bytes of linesOf(file)) {
    place++;
    found.check(`line ${place + 2}`, () => (place === -1 ? readBundle(parse(bytes)) : readLine(parse(bytes))));
    if (!bundle) break;
  }
  if (!bundle) { found.tampered('there is no bundle'); return { found, counts }; }
  for (const [writer, numbers] of writers) if (!numbers.isWhole()) found.tampered(`a number of writer ${writer} is missing`);
  if (counts.sealed < counts.events) found.incomplete(`${counts.events - counts.sealed} events are not sealed`);
  if (bundle.isProof) {
    const isProven = head && inclusion && leaf !== undefined && isIncluded(leaf, head.size, hash, inclusion, head.root);
    if (!isProven) found.tampered('the event is not proven to be a leaf of the log');
  } else if (!head && counts.events > 0) found.incomplete('there is no head');
  if (head) {
    const { note, index, proof, origin, text: checkpoint } = head;
    if (!isSigned(note, signers)) found.tampered('the heads are not signed by a given key of their trail, or falsely by one');
    if (origin !== `${note.trail}/${bundle.tenant}/${bundle.month}`) found.tampered('the checkpoint is of another log or trail');
    if (!isIncluded(index, note.size, leafHash(Buffer.from(checkpoint)), proof, note.root)) found.tampered('the checkpoint is not in the heads');
    if (!bundle.isProof && !(head.size === tree.size && head.root.equals(tree.root()))) found.tampered('the sealed events have another root than was signed');
  }
  if (directory && !bundle.isProof) compareWithAnchors(bundle, head, anchors, mine, roots, found);
  return { found, counts, bundle, head, leaf, anchors };
}

function compareWithAnchors(bundle, head, anchors, mine, roots, found) {
  const size = head?.note.size ?? 0;
  if (head && anchors.some(({ note }) => note.trail !== head.note.trail)) found.tampered('the anchors are of another trail');
  for (const checkpoint of mine.filter(({ index }) => index < size)) {
    const agrees = roots.get(checkpoint.size)?.equals(checkpoint.root);
    if (!agrees) found.tampered(`the anchors have another root of the first ${checkpoint.size} events`);
  }
  if (mine.some(({ index, time }) => index >= size && time < bundle.time)) found.tampered('the anchors had more of this log before the export');
  if (!anchors.some(({ note }) => note.size >= size)) found.incomplete('no anchor is as new as the bundle');
  if (!head) return;
  if (anchors.some(({ note }) => note.size === size && !note.root.equals(head.note.root))) found.tampered('an anchor has another root of as many heads');
  const isHeld = anchors.some(({ from, note }) => from <= head.index && head.index < note.size);
  if (isHeld && !mine.some(({ index, text }) => index === head.index && text === head.text)) found.tampered('the anchors have another head in its place');
}

function report({ found, counts, bundle, head, leaf, anchors }, print) {
  print(['clean', , 'tampered', 'incomplete'][found.status]);
  if (bundle) {
    print(`  ${bundle.kind.padEnd(8)}  tenant ${bundle.tenant}, month ${bundle.month}, exported at ${bundle.exported_at}`);
    print(`  events    ${counts.events}, ${leaf === undefined ? 'none sealed' : bundle.isProof ? `leaf ${leaf}` : `sealed up to leaf ${leaf}`}`);
    print(head ? `  heads     ${head.note.size} of ${head.note.trail} at ${head.note.more.slice(5)}` : '  heads     none');
    print(`  MACs      ${counts.macs} checked, ${counts.withoutKey} not, for want of a key`);
    print(`  anchors   ${anchors.length === 0 ? 'none' : `${anchors.length}, the last of ${anchors.at(-1).note.size} heads at ${anchors.at(-1).note.more.slice(5)}`}`);
  }
  for (const text of found.texts) print(`  ${text}`);
  if (found.count > found.texts.length) print(`  and ${found.count - found.texts.length} more`);
  if (found.first !== undefined) print(`  the first bad leaf is ${found.first}`);
}

export async function exitStatusOf(options, print) {
  try {
    const result = await verify(options);
    report(result, print);
    return result.found.status;
  } catch (error) {
    // A code is of the operating system or of zlib.
    if (!(error instanceof Malformed || error.code)) throw error;
    print(`Something cannot be read: ${error.message}`);
    return 1;
  }
}

if (import.meta.url.endsWith(`/${process.argv[1]?.split(/[\\/]/).at(-1)}`)) {
  const options = readArguments();
  process.exitCode = options ? await exitStatusOf(options, console.log) : 2;
  if (!options) console.error('usage: node verify-audit.mjs --bundle FILE --keys FILE [--anchors DIRECTORY]');
}

function readArguments() {
  const option = { type: 'string' };
  try {
    const { values } = parseArgs({ options: { bundle: option, keys: option, anchors: option } });
    return values.bundle && values.keys ? values : undefined;
  } catch {
    return undefined;
  }
}
