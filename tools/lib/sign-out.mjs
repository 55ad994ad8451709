// Signs out at the development identity provider the way an app does: OpenID Connect RP-Initiated Logout.
// The provider then tells the API (Back-Channel Logout).
import { randomBytes } from 'node:crypto';
import { clientId, discover, postLogoutRedirectUri, SignInError } from './identity-provider.mjs';

/** Takes the answer and the browser of the sign-in. Returns once the provider has told the API, or tried to. */
export async function signOut(issuer, tokens, browser) {
  const endpoints = await discover(browser, issuer);
  const state = randomBytes(16).toString('base64url');
  const endSession = new URL(endpoints.end_session_endpoint);
  endSession.search = new URLSearchParams({
    client_id: clientId,
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: postLogoutRedirectUri,
    state,
  });

  const page = await browser.follow(endSession);
  const form = confirmationForm(page);
  const end = await browser.follow(form.action, {
    method: 'POST',
    body: new URLSearchParams({ xsrf: form.xsrf, logout: 'yes' }),
  });
  if (end.url.searchParams.get('state') !== state) throw new SignInError('the identity provider refused the sign-out');
}

function confirmationForm({ html = '', url }) {
  const action = /<form id="op.logoutForm" method="post" action="([^"]+)"/.exec(html)?.[1];
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(html)?.[1];
  if (!action || !xsrf) throw new SignInError('the identity provider showed no sign-out page');
  return { action: new URL(action, url), xsrf };
}
