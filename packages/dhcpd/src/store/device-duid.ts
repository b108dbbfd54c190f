// The device's own identity in DHCPv6, as a server and as a client (RFC 8415 section 11): a DUID-UUID (RFC 6355), made once
// and kept beside the leases.
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, SluiceError } from '@sluice/shared';

const TYPE_UUID = 4;
const UUID_BYTES = 16;
const TEXT = /^0004[0-9a-f]{32}$/;

/** Errors: errno of the file; SluiceError `state` for one that has something else in it. */
export async function deviceDuid(path: string): Promise<Buffer> {
  const text = await readFile(path, 'latin1').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return makeDuid(path);
  if (!TEXT.test(text.trim()))
    throw new SluiceError('state', `${path} has no DUID in it: remove it, and another is made`);
  return Buffer.from(text.trim(), 'hex');
}

async function makeDuid(path: string): Promise<Buffer> {
  const duid = Buffer.concat([Buffer.from([0, TYPE_UUID]), randomBytes(UUID_BYTES)]);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(`${duid.toString('hex')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  return duid;
}
