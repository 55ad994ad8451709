// Development identity provider: OpenID Connect with code + PKCE for the demo users in users.json.
// Prints "ready ISSUER" once it listens. Only this machine can reach it.
import { createServer } from 'node:http';
import { handleInteraction, isInteraction } from './interactions.mjs';
import { styleSheet } from './pages.mjs';
import { createProvider } from './provider.mjs';
import { host, keysFile, port, refuseOutsideDevelopment, stop } from './settings.mjs';
import { SigningKeys } from './signing-keys.mjs';

refuseOutsideDevelopment();

const keys = new SigningKeys(keysFile);
const server = createServer();
let issuer;
let provider;
let handleProtocol;

server.on('error', (error) => {
  stop(error.code === 'EADDRINUSE'
    ? `port ${port} is taken: set PORT to another one`
    : `cannot listen on port ${port} (${error.code})`);
});

server.listen(port, host, () => {
  issuer = `http://localhost:${server.address().port}`;
  useCurrentKeys();
  server.on('request', handle);
  console.log(`ready ${issuer}`);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}

// oidc-provider reads its keys when it is made.
function useCurrentKeys() {
  provider = createProvider(issuer, keys.jwks);
  handleProtocol = provider.callback();
}

function handle(request, response) {
  route(request, response).catch((error) => {
    console.error(JSON.stringify({ event: 'request.failed', error: error.name, detail: error.message }));
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
}

async function route(request, response) {
  if (!isForThisMachine(request)) {
    response.writeHead(421).end();
    return;
  }
  const path = request.url.split('?')[0];
  if (isInteraction(path)) await handleInteraction(provider, request, response);
  else if (path.startsWith('/dev/')) handleDevelopment(path, request, response);
  else handleProtocol(request, response);
}

// A web page elsewhere could let its own name point here (DNS rebinding) and read the answers.
function isForThisMachine(request) {
  return /^(localhost|127\.0\.0\.1)(:\d+)?$/.test(request.headers.host ?? '');
}

function handleDevelopment(path, request, response) {
  if (path === '/dev/style.css') {
    response.writeHead(200, { 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'max-age=3600' });
    response.end(styleSheet);
    return;
  }
  const change = { '/dev/rotate': () => keys.rotate(), '/dev/retire': () => keys.retireOld() }[path];
  // A browser sends Origin with every POST of a page; these two are for tests and the command line.
  if (!change || request.method !== 'POST' || request.headers.origin) {
    response.writeHead(404).end();
    return;
  }
  change();
  useCurrentKeys();
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ key_ids: keys.ids }));
}
