// Prints tokens of the running development identity provider; see tools/token.
import { parseArgs } from 'node:util';
import { newDpopKey } from './dpop.mjs';
import { Browser } from './identity-provider.mjs';
import { refresh, signIn, SignInError } from './sign-in.mjs';
import { signOut } from './sign-out.mjs';
import { fail, issuer } from './stack.mjs';

const usage = 'usage: tools/token [--mfa] [--json | --dpop] [--then-sign-out] USER (for example dana@northwind.test)'
  + ', or tools/token --refresh REFRESH_TOKEN';

const { refreshToken, user, ...options } = readArguments();
if (!issuer()) fail('token: no identity provider is running: start it with ./run, or set DEV_IDP_URL');

try {
  await (refreshToken ? printRefreshed() : printTokens());
} catch (error) {
  if (!(error instanceof SignInError)) throw error;
  fail(`token: ${error.message}`);
}

async function printTokens() {
  const browser = new Browser();
  const dpopKey = options.dpop ? newDpopKey() : undefined;
  const tokens = await signIn(issuer(), user, { browser, mfa: options.mfa, dpopKey });
  if (options.dpop) print({ ...tokens, dpop_key: dpopKey });
  else if (options.json) print(tokens);
  else console.log(tokens.access_token);

  if (!options['then-sign-out']) return;
  await lineOrEndOfInput();
  await signOut(issuer(), tokens, browser);
}

async function printRefreshed() {
  print(await refresh(issuer(), refreshToken));
}

function print(answer) {
  console.log(JSON.stringify(answer));
}

async function lineOrEndOfInput() {
  for await (const _ of process.stdin) break;
}

function readArguments() {
  const [first, second, ...others] = process.argv.slice(2);
  // Not left to parseArgs: a refresh token may begin with a dash.
  if (first === '--refresh' && second && others.length === 0) return { refreshToken: second };
  try {
    const { values, positionals: [email, ...more] } = parseArgs({
      allowPositionals: true,
      options: {
        mfa: { type: 'boolean' },
        json: { type: 'boolean' },
        dpop: { type: 'boolean' },
        'then-sign-out': { type: 'boolean' },
      },
    });
    if (email && more.length === 0) return { ...values, user: email };
  } catch {
    // An option that does not exist.
  }
  return fail(usage);
}
