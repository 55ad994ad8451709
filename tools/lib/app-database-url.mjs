// Reads the owner's DATABASE_URL on standard input and prints the API's: role hipaa_app, whose password is
// derived from the owner's as the API derives it (DatabaseSettings.DerivedAppPassword).
import { hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';

const url = new URL(readFileSync(0, 'utf8').trim());
const ownerPassword = decodeURIComponent(url.password);
url.username = 'hipaa_app';
url.password = process.env.DATABASE_APP_PASSWORD
  ?? Buffer.from(hkdfSync('sha256', ownerPassword, '', 'hipaa-template/v1|hipaa_app password', 32)).toString('base64url');
console.log(url.href);
