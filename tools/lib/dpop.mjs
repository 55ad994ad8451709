// Proofs of possession (RFC 9449): a token that is bound to a key is worth nothing without the key.
import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';

/** Returns a private P-256 key as a JWK. */
export function newDpopKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
}

/** Returns the value of the `DPoP` header for one request. A resource server wants `claims` to hold `ath`. */
export function dpopProof(key, method, url, claims = {}) {
  const { kty, crv, x, y } = key; // the public half
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } };
  const now = Math.floor(Date.now() / 1000);
  const payload = { jti: randomUUID(), htm: method, htu: url, iat: now, ...claims };
  const content = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(content), {
    key: createPrivateKey({ key, format: 'jwk' }),
    dsaEncoding: 'ieee-p1363', // JWS has the two numbers side by side, not in DER (RFC 7518 §3.4)
  });
  return `${content}.${signature.toString('base64url')}`;
}
