// oidc-provider, set up the way a hosted identity provider would be for this API.
import { randomBytes } from 'node:crypto';
import Provider, { errors, interactionPolicy } from 'oidc-provider';
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';
import * as pages from './pages.mjs';
import { accessTokenSeconds, apiAudience, apiPort, clientId, isLocalOrigin, scopes } from './settings.mjs';
import { acrValues, requestedStrength, severalFactors } from './strength.mjs';
import { profileClaims, tenancyClaims, userBySubject } from './users.mjs';

// Both survive a key rotation, which makes a new provider: nobody has to sign in again because of it.
// Sessions, codes and refresh tokens live in memory and end with the process.
const cookieKeys = [randomBytes(32).toString('hex')];
const adapter = createMemoryAdapter();

const day = 24 * 60 * 60;

export function createProvider(issuer, jwks) {
  const provider = new Provider(issuer, {
    jwks,
    adapter,
    clients: [singlePageApp()],
    cookies: { keys: cookieKeys },
    scopes,
    acrValues,
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'tenant_id', 'roles', 'patient_id'],
    },
    // Hosted providers put the profile into the ID token; a demo app then needs no userinfo call.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    findAccount: (_ctx, subject) => {
      const user = userBySubject(subject);
      return user && { accountId: subject, claims: () => profileClaims(user) };
    },
    extraTokenClaims: (ctx, token) => {
      const user = userBySubject(token.accountId);
      return user && { ...tenancyClaims(user), ...signInClaims(ctx) };
    },
    // OpenID Connect ties offline_access to a consent page, which is not shown here.
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    loadExistingGrant: grantEverything,
    clientBasedCORS: (_ctx, origin) => isLocalOrigin(origin),
    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: 60,
      IdToken: accessTokenSeconds,
      RefreshToken: day,
      Session: day,
      Grant: day,
      Interaction: 60 * 60,
    },
    interactions: {
      policy: signInPolicy(),
      url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
    },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      claimsParameter: { enabled: true },
      dPoP: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: resourceIndicators(),
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => pages.send(ctx.res, ctx, pages.signOut(form)),
        postLogoutSuccessSource: (ctx) => pages.send(ctx.res, ctx, pages.signedOut()),
      },
    },
    // Without its dispatcher, which refuses addresses of this machine: the API that hears of a sign-out
    // has one.
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
    renderError: (ctx, details) => pages.send(ctx.res, ctx, pages.failure(details)),
  });
  logFailures(provider);
  return provider;
}

// A public client: a browser cannot keep a secret. "native" lets the loopback addresses without a
// port stand for every port (RFC 8252 §7.3), which command line tools and desktop apps need.
function singlePageApp() {
  return {
    client_id: clientId,
    client_name: 'HipaaTemplate (development)',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [
      `http://localhost:${apiPort}/docs/oauth2-redirect.html`,
      `http://127.0.0.1:${apiPort}/docs/oauth2-redirect.html`,
      'http://localhost:5173/callback',
      'http://localhost:5173/silent-callback',
      'http://localhost:3000/callback',
      'http://127.0.0.1/callback',
    ],
    post_logout_redirect_uris: [
      `http://localhost:${apiPort}/docs`,
      'http://localhost:5173/',
      'http://localhost:3000/',
      'http://127.0.0.1/',
    ],
    backchannel_logout_uri: `http://localhost:${apiPort}/api/v1/auth/backchannel-logout`,
    // Puts `sid` into the logout token, the ID token and, by signInClaims, the access token.
    backchannel_logout_session_required: true,
  };
}

// Access tokens are for the API whether or not a client names it, and they are JWTs (RFC 9068).
function resourceIndicators() {
  return {
    enabled: true,
    defaultResource: () => apiAudience,
    useGrantedResource: () => true,
    getResourceServerInfo: (_ctx, resource) => {
      if (resource !== apiAudience) throw new errors.InvalidTarget();
      return {
        scope: scopes.join(' '),
        audience: apiAudience,
        accessTokenTTL: accessTokenSeconds,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      };
    },
  };
}

// An access token is issued for a code or for a refresh token: either knows the sign-in it goes back to.
function signInClaims(ctx) {
  const { RefreshToken, AuthorizationCode } = ctx.oidc.entities;
  const { sid, acr, amr, authTime } = RefreshToken ?? AuthorizationCode;
  return { sid, acr, amr, auth_time: authTime };
}

// When a session that is already there does not suffice.
function signInPolicy() {
  const policy = interactionPolicy.base();
  // With it every sign-in of a native client stops at a consent page, and a silent one fails.
  policy.get('consent').checks.remove('native_client_prompt');
  // OpenID Connect lets a provider pass over acr_values. An API that wants a stronger sign-in needs one
  // that does not.
  policy.get('login').checks.add(new interactionPolicy.Check(
    'several_factors',
    'a sign-in with several factors is asked for',
    'login_required',
    ({ oidc }) => requestedStrength(oidc.params) === severalFactors && oidc.session.acr !== severalFactors.acr,
  ));
  return policy;
}

// The demo users agree to everything, so signing in is one click.
async function grantEverything(ctx) {
  const { client, provider, requestParamClaims, session } = ctx.oidc;
  const grantId = session.grantIdFor(client.clientId);
  const grant = (grantId && (await provider.Grant.find(grantId)))
    ?? new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(scopes.join(' '));
  grant.addOIDCClaims(requestParamClaims);
  grant.addResourceScope(apiAudience, scopes.join(' '));
  await grant.save();
  return grant;
}

function logFailures(provider) {
  // backchannel.error: mostly an API that is not running.
  for (const event of ['server_error', 'authorization.error', 'grant.error', 'backchannel.error']) {
    provider.on(event, (_ctx, error) => {
      const detail = [error.error_detail ?? error.message, error.cause?.code].filter(Boolean).join(': ');
      console.error(JSON.stringify({ event, error: error.error ?? error.name, detail }));
    });
  }
}
