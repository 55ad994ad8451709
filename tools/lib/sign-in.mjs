// Signs a demo user in at the development identity provider the way a browser would: code + PKCE,
// the sign-in page, cookies, redirects. There is no shortcut, so what this proves holds for apps too.
import { createHash, randomBytes } from 'node:crypto';
import { dpopProof } from './dpop.mjs';
import { Browser, clientId, discover, redirectUri, SignInError } from './identity-provider.mjs';

export { SignInError };

const scope = 'openid offline_access profile email api';
const severalFactors = 'urn:hipaa-template:mfa';

/**
 * Returns the token endpoint's answer: access_token, id_token, refresh_token …
 * Options: `browser` to sign out with later, `mfa` to ask for several factors, `dpopKey` (a private JWK)
 * to have the tokens bound to it.
 */
export async function signIn(issuer, email, { browser = new Browser(), mfa = false, dpopKey } = {}) {
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
    ...(mfa && { acr_values: severalFactors }),
  });

  const page = await browser.follow(authorization);
  const form = signInForm(page, email);
  const callback = await browser.follow(form.action, { method: 'POST', body: new URLSearchParams({ user: email }) });
  const answer = callback.url.searchParams;
  if (answer.get('state') !== state || !answer.has('code')) {
    throw new SignInError(`the identity provider refused the sign-in: ${answer.get('error_description') ?? 'no reason given'}`);
  }

  return askForTokens(browser, endpoints.token_endpoint, dpopKey, {
    grant_type: 'authorization_code',
    code: answer.get('code'),
    code_verifier: verifier,
    redirect_uri: redirectUri,
  });
}

/** Returns the token endpoint's answer, with the next refresh token. */
export async function refresh(issuer, refreshToken, { dpopKey } = {}) {
  const browser = new Browser();
  const endpoints = await discover(browser, issuer);
  return askForTokens(browser, endpoints.token_endpoint, dpopKey, {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
  });
}

async function askForTokens(browser, endpoint, dpopKey, parameters) {
  const response = await browser.fetch(endpoint, {
    method: 'POST',
    headers: dpopKey && { DPoP: dpopProof(dpopKey, 'POST', endpoint) },
    body: new URLSearchParams({ client_id: clientId, ...parameters }),
  });
  if (response.ok) return response.json();
  const { error = 'no reason given' } = await response.json().catch(() => ({}));
  const refused = parameters.grant_type.replace('_', ' ');
  throw new SignInError(`the identity provider refused the ${refused}: ${error} (status ${response.status})`);
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
