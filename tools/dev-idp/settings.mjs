// What can be set from outside, and the names that the API and its tests rely on.

export const host = '127.0.0.1';
export const port = portNumber('PORT', 8001); // 0: any free one, told by the "ready" line
export const apiPort = portNumber('API_PORT', 8000);

// Keys outlive a restart when this names a file; without it they are made anew at every start.
export const keysFile = process.env.DEV_IDP_KEYS;

export const apiAudience = 'https://api.hipaa-template.test';
export const clientId = 'hipaa-template-spa';

export const scopes = ['openid', 'offline_access', 'profile', 'email', 'api'];

export const accessTokenSeconds = 15 * 60;

export const isLocalOrigin = (origin) =>
  /^http:\/\/(localhost|127\.0\.0\.1)(:\d{1,5})?$/.test(origin);

export function refuseOutsideDevelopment() {
  // Anybody may sign in here as anybody: one wrong deployment would open every record.
  for (const name of ['ENVIRONMENT', 'NODE_ENV']) {
    const value = (process.env[name] ?? '').toLowerCase();
    if (['production', 'prod', 'staging'].includes(value)) {
      stop(`the development identity provider does not start with ${name}=${value}`);
    }
  }
}

export function stop(message) {
  console.error(`dev-idp: ${message}`);
  process.exit(1);
}

function portNumber(name, fallback) {
  const text = process.env[name] || String(fallback);
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65535) {
    stop(`${name} is not a port number: set it to one between 1 and 65535`);
  }
  return number;
}
