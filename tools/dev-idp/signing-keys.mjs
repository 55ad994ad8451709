// The keys that sign tokens. The first one signs, all are published: a token of an older key stays
// good until that key is retired.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

export class SigningKeys {
  #file;
  #keys;

  constructor(file) {
    this.#file = file;
    this.#keys = this.#read() ?? [newKey()];
    this.#write();
  }

  get jwks() {
    return { keys: this.#keys };
  }

  get ids() {
    return this.#keys.map(({ kid }) => kid);
  }

  rotate() {
    this.#keys = [newKey(), ...this.#keys];
    this.#write();
  }

  retireOld() {
    this.#keys = this.#keys.slice(0, 1);
    this.#write();
  }

  #read() {
    if (!this.#file) return undefined;
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8')).keys;
    } catch {
      // None yet, or a file cut short: new keys only mean signing in again.
      return undefined;
    }
  }

  #write() {
    if (!this.#file) return;
    const draft = `${this.#file}.new`;
    writeFileSync(draft, JSON.stringify(this.jwks), { mode: 0o600 });
    renameSync(draft, this.#file);
  }
}

function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}
