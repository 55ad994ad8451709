// The development stack that ./run started, as its settings file tells.
import { readFileSync } from 'node:fs';

export function stackSettings() {
  try {
    const text = readFileSync(new URL('../../.dev/env', import.meta.url), 'utf8');
    return Object.fromEntries([...text.matchAll(/^(\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]));
  } catch {
    return {};
  }
}

export const issuer = () => process.env.DEV_IDP_URL ?? stackSettings().OIDC_ISSUER_URL;

export function fail(message) {
  console.error(message);
  process.exit(1);
}
