// What every conversation with the development identity provider needs: the client's registration, a
// browser, and the addresses that the provider publishes.

export const clientId = 'hipaa-template-spa';

// Registered for command line tools. Nothing listens there: answers are read from the redirect.
const appOrigin = 'http://127.0.0.1';
export const redirectUri = `${appOrigin}/callback`;
export const postLogoutRedirectUri = `${appOrigin}/`;

// An expected failure: its message says what to do and is all that is printed.
export class SignInError extends Error {}

export async function discover(browser, issuer) {
  const response = await browser.fetch(`${issuer}/.well-known/openid-configuration`);
  if (!response.ok) throw new SignInError(`${issuer} is not an identity provider (status ${response.status})`);
  return response.json();
}

/** Keeps cookies, so one browser is one session at the provider. */
export class Browser {
  #cookies = new Map();

  async fetch(url, options = {}) {
    const headers = { ...options.headers, cookie: this.#cookieHeader() };
    let response;
    try {
      response = await fetch(url, { ...options, redirect: 'manual', headers });
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
      if (url.origin === appOrigin) return { url };
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
