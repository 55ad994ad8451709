// oidc-provider, set up the way a hosted identity provider would be for this API.
import { randomBytes } from 'node:crypto';
import Provider, { errors, interactionPolicy } from 'oidc-provider';
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';
import * as pages from './pages.mjs';
import { accessTokenSeconds, apiAudience, apiPort, clientId, isLocalOrigin, scopes } from './settings.mjs';
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
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'tenant_id', 'roles'],
    },
    // Hosted providers put the profile into the ID token; a demo app then needs no userinfo call.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    findAccount: (_ctx, subject) => {
      const user = userBySubject(subject);
      return user && { accountId: subject, claims: () => profileClaims(user) };
    },
    extraTokenClaims: (_ctx, token) => {
      const user = userBySubject(token.accountId);
      return user && tenancyClaims(user);
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
      policy: policyWithoutNativePrompt(),
      url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
    },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      resourceIndicators: resourceIndicators(),
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => pages.send(ctx.res, ctx, pages.signOut(form)),
        postLogoutSuccessSource: (ctx) => pages.send(ctx.res, ctx, pages.signedOut()),
      },
    },
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

// Without it every sign-in of a native client stops at a consent page, and a silent one fails.
function policyWithoutNativePrompt() {
  const policy = interactionPolicy.base();
  policy.get('consent').checks.remove('native_client_prompt');
  return policy;
}

// The demo users agree to everything, so signing in is one click.
async function grantEverything(ctx) {
  const { client, provider, session } = ctx.oidc;
  const grantId = session.grantIdFor(client.clientId);
  const grant = (grantId && (await provider.Grant.find(grantId)))
    ?? new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(scopes.join(' '));
  grant.addResourceScope(apiAudience, scopes.join(' '));
  await grant.save();
  return grant;
}

function logFailures(provider) {
  for (const event of ['server_error', 'authorization.error', 'grant.error']) {
    provider.on(event, (_ctx, error) => {
      console.error(JSON.stringify({ event, error: error.error ?? error.name, detail: error.error_detail ?? error.message }));
    });
  }
}
