// Prints an access token of the running development identity provider for a demo user.
import { signIn, SignInError } from './sign-in.mjs';
import { fail, issuer } from './stack.mjs';

const [email] = process.argv.slice(2);
if (!email) fail('usage: tools/token USER (for example dana@northwind.test)');
if (!issuer()) fail('token: no identity provider is running: start it with ./run, or set DEV_IDP_URL');

try {
  const { access_token: accessToken } = await signIn(issuer(), email);
  console.log(accessToken);
} catch (error) {
  if (!(error instanceof SignInError)) throw error;
  fail(`token: ${error.message}`);
}
