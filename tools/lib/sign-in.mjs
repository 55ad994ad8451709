// Signs a demo user in at the development identity provider the way a browser would: code + PKCE,
// the sign-in page, cookies, redirects. There is no shortcut, so what this proves holds for apps too.
import { createHash, randomBytes } from 'node:crypto';

const clientId = 'hipaa-template-spa';
// Registered for command line tools. Nothing listens there: the code is read from the redirect.
const redirectUri = 'http://127.0.0.1/callback';
const scope = 'openid offline_access profile email api';

// An expected failure: its message says what to do and is all that is printed.
export class SignInError extends Error {}

/** Returns the token endpoint's answer: access_token, id_token, refresh_token … */
export async function signIn(issuer, email) {
  const browser = new Browser();
  const endpoints = await discover(browser, issuer);
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const authorization = new URL(endpoints.authorization_endpoint);
  authorization.search = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });

  const page = await browser.follow(authorization);
  const form = signInForm(page, email);
  const callback = await browser.follow(form.action, { method: 'POST', body: new URLSearchParams({ user: email }) });
  const answer = callback.url.searchParams;
  if (answer.get('state') !== state || !answer.has('code')) {
    throw new SignInError(`the identity provider refused the sign-in: ${answer.get('error_description') ?? 'no reason given'}`);
  }

  const tokens = await browser.fetch(endpoints.token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: clientId,
      code: answer.get('code'),
      code_verifier: verifier,
      redirect_uri: redirectUri,
    }),
  });
  if (!tokens.ok) throw new SignInError(`the identity provider gave no token (status ${tokens.status})`);
  return tokens.json();
}

async function discover(browser, issuer) {
  const response = await browser.fetch(`${issuer}/.well-known/openid-configuration`);
  if (!response.ok) throw new SignInError(`${issuer} is not an identity provider (status ${response.status})`);
  return response.json();
}

function signInForm(page, email) {
  const action = /<form method="post" action="([^"]+)"/.exec(page.html ?? '')?.[1];
  if (!action) throw new SignInError('the identity provider showed no sign-in page');
  const known = [...page.html.matchAll(/name="user" value="([^"]+)"/g)].map(([, value]) => value);
  if (!known.includes(email)) {
    throw new SignInError(`no demo user ${email}; there are ${known.join(', ')}`);
  }
  return { action: new URL(action, page.url) };
}

class Browser {
  #cookies = new Map();

  async fetch(url, options = {}) {
    let response;
    try {
      response = await fetch(url, { ...options, redirect: 'manual', headers: { cookie: this.#cookieHeader() } });
    } catch {
      throw new SignInError(`the identity provider at ${new URL(url).origin} does not answer: start it with ./run`);
    }
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie);
    return response;
  }

  // Follows redirects up to a page ({ url, html }) or to the address that the app waits at ({ url }).
  async follow(start, options) {
    let url = new URL(start);
    let response = await this.fetch(url, options);
    for (let hops = 0; hops < 10; hops++) {
      const location = response.headers.get('location');
      if (!location) return { url, html: await response.text() };
      url = new URL(location, url);
      if (url.href.startsWith(redirectUri)) return { url };
      response = await this.fetch(url);
    }
    throw new SignInError('the identity provider redirects in a circle');
  }

  // The path of a cookie is not looked at: all of them are this provider's.
  #keep(cookie) {
    const [pair, ...attributes] = cookie.split(';');
    const separator = pair.indexOf('=');
    const name = pair.slice(0, separator);
    const expired = attributes.some((attribute) => /^\s*expires=thu, 01 jan 1970/i.test(attribute));
    if (expired) this.#cookies.delete(name);
    else this.#cookies.set(name, pair.slice(separator + 1));
  }

  #cookieHeader() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}
