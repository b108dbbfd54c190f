// The identifier of the SNMP engine (RFC 3411, SnmpEngineID): made at the first start, and kept.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Of our own making (format 5); 32473 is the enterprise number for documentation (RFC 5612). */
const BEGINNING = '80007ed905';
const OWN_OCTETS = 16;
const FORM = new RegExp(`^${BEGINNING}[0-9a-f]{${2 * OWN_OCTETS}}$`);

/** In hexadecimal. Errors: errno of reading and writing; a sentence for a file that holds something else. */
export function engineId(file: string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const made = `${BEGINNING}${randomBytes(OWN_OCTETS).toString('hex')}`;
    writeFileSync(`${file}.new`, made, { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  }
  const text = readFileSync(file, 'utf8').trim();
  if (!FORM.test(text))
    throw new Error(`${file} does not hold the identifier of an SNMP engine: take it away`);
  return text;
}
