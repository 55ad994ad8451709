// The one page that a sign-in stops at: who do you want to be?
import { errors } from 'oidc-provider';
import * as pages from './pages.mjs';
import { requestedStrength } from './strength.mjs';
import { userByEmail, users } from './users.mjs';

const formLimit = 10_000;

export const isInteraction = (path) => path.startsWith('/interaction/');

export async function handleInteraction(provider, request, response) {
  try {
    const interaction = await provider.interactionDetails(request, response);
    if (interaction.prompt.name === 'consent') {
      // Asked for by `prompt=consent`: answered without a page, the grant is complete already.
      await provider.interactionFinished(request, response, { consent: {} }, { mergeWithLastSubmission: true });
    } else if (request.method === 'POST') {
      await signIn(provider, request, response, requestedStrength(interaction.params));
    } else {
      sendPage(response, 200, pages.signIn(interaction.uid, users, requestedStrength(interaction.params)));
    }
  } catch (error) {
    if (!(error instanceof errors.OIDCProviderError)) throw error;
    // Mostly a page that was left open over a restart, or a browser that refused the cookie.
    sendPage(response, 400, pages.failure({ error_description: 'This sign-in is over.' }));
  }
}

async function signIn(provider, request, response, { acr, amr }) {
  const user = userByEmail((await readForm(request)).get('user'));
  if (!user) {
    sendPage(response, 400, pages.failure({ error_description: 'There is no such demo user.' }));
    return;
  }
  await provider.interactionFinished(request, response, { login: { accountId: user.sub, acr, amr } }, {
    mergeWithLastSubmission: false,
  });
}

async function readForm(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > formLimit) throw new errors.InvalidRequest('form too large');
  }
  return new URLSearchParams(text);
}

function sendPage(response, status, html) {
  pages.headers(response);
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' });
  response.end(html);
}
