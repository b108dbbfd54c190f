// Authorities and their certificates as openssl(1) makes them: NAME.pem and NAME.key beside each other in a directory.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const DAYS = ['-days', '2'];

/** An authority, and a certificate of it for a name and addresses. */
export function makeCertificates(dir: string, authority: string, name: string, addresses: string[]): void {
  const out = ['-keyout', `${authority}.key`, '-out', `${authority}.pem`];
  openssl(dir, 'req', '-x509', ...KEY, ...DAYS, '-subj', `/CN=${authority}`, ...out);
  issueCertificate(dir, authority, name, addresses);
}

/** Another certificate of an authority that is there. */
export function issueCertificate(dir: string, authority: string, name: string, addresses: string[]): void {
  openssl(dir, 'req', ...KEY, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
  const names = [`DNS:${name}`, ...addresses.map((address) => `IP:${address}`)].join(',');
  writeFileSync(join(dir, `${name}.ext`), `subjectAltName=${names}\n`);
  const issuer = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial'];
  const files = ['-in', `${name}.csr`, '-extfile', `${name}.ext`, '-out', `${name}.pem`];
  openssl(dir, 'x509', '-req', ...issuer, ...DAYS, ...files);
}

function openssl(dir: string, ...args: string[]): void {
  execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
}
