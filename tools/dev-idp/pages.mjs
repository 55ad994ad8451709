// The pages that a person sees. Plain HTML and one style sheet: nothing here runs a script.
import { severalFactors } from './strength.mjs';

// form-action names the apps' addresses too: a browser holds it against the redirect that follows.
const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "form-action 'self' http://localhost:* http://127.0.0.1:*",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function headers(response) {
  response.setHeader('Content-Security-Policy', contentSecurityPolicy);
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('X-Content-Type-Options', 'nosniff');
}

// For oidc-provider's own steps, which answer through a Koa context.
export function send(response, ctx, html) {
  headers(response);
  ctx.type = 'html';
  ctx.body = html;
}

export const signIn = (interactionId, users, strength) => page('Sign in', `
  <p>Choose who you want to be. There is no password.${factors(strength)}</p>
  <form method="post" action="/interaction/${escape(interactionId)}">
    <ul>${users.map(userButton).join('')}</ul>
  </form>`);

const factors = (strength) =>
  (strength === severalFactors ? ' The second factor that the application asks for counts as given.' : '');

const userButton = (user) => `
      <li>
        <button name="user" value="${escape(user.email)}">
          <span class="name">${escape(user.name)}</span>
          <span class="detail">${escape(user.roles.join(', '))}, ${escape(user.clinicName)}</span>
          <span class="detail">${escape(user.email)}</span>
        </button>
      </li>`;

// `form` is oidc-provider's, with its token against forged requests; the buttons belong to it by id.
export const signOut = (form) => page('Sign out', `
  <p>Do you want to sign out?</p>
  ${form}
  <p><button form="op.logoutForm" name="logout" value="yes">Sign out</button></p>
  <p><button form="op.logoutForm" class="quiet">Stay signed in</button></p>`);

export const signedOut = () => page('Signed out', '<p>You are signed out. You may close this page.</p>');

export const failure = ({ error, error_description: description }) => page('That did not work', `
  <p role="alert">${escape(description ?? error ?? 'Unknown problem.')}</p>
  <p>Go back to the application and sign in again.</p>`);

function page(title, content) {
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title} · development identity provider</title>
  <link rel="stylesheet" href="/dev/style.css">
</head>
<body>
  <p class="banner" role="note">For development only: anybody may sign in as anybody.</p>
  <main>
    <h1>${title}</h1>
    ${content}
  </main>
</body>
</html>
`;
}

function escape(text) {
  const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return String(text).replace(/[&<>"']/g, (character) => entities[character]);
}

export const styleSheet = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { margin: 0; background: Canvas; color: CanvasText; }
.banner { margin: 0; padding: 0.75rem 1rem; background: #7a2e00; color: #fff; text-align: center; }
main { max-width: 26rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 0.5rem; }
ul { list-style: none; margin: 1.5rem 0; padding: 0; }
li { margin: 0 0 0.75rem; }
button {
  display: block; width: 100%; padding: 0.75rem 1rem; text-align: left; font: inherit; cursor: pointer;
  color: inherit; background: transparent; border: 1px solid #767676; border-radius: 0.5rem;
}
button:hover { background: rgb(0 95 184 / 12%); }
button:focus-visible { outline: 3px solid #1a73e8; outline-offset: 2px; }
.name { display: block; font-weight: 600; }
.detail { display: block; font-size: 0.875rem; }
`;
