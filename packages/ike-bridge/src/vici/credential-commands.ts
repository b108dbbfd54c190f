// The commands of charon's vici plugin about certificates, private keys and address pools, typed.
import type { ViciSender } from './commands.js';
import { ViciError } from './errors.js';
import { flag, subsections, text, textList, type ViciInput, type ViciSection } from './message.js';

/** A certificate (DER or PEM) that may be a link of a chain; it makes nobody trusted by itself unless it is a root. */
export async function loadCert(sender: ViciSender, data: Uint8Array): Promise<void> {
  ensure('load-cert', await sender.request('load-cert', { type: 'X509', flag: 'NONE', data }));
}

/** A certificate revocation list; an older one of the same authority goes, also from what charon keeps of former checks. */
export async function loadCrl(sender: ViciSender, data: Uint8Array): Promise<void> {
  ensure('load-cert', await sender.request('load-cert', { type: 'X509_CRL', flag: 'NONE', data }));
  ensure('flush-certs', await sender.request('flush-certs', { type: 'X509_CRL' }));
}

/**
 * A private key of any type; the caller wipes it, what was sent of it is wiped here.
 * @returns its id: SHA-1 of the public key as hexadecimal digits
 */
export async function loadKey(sender: ViciSender, data: Uint8Array): Promise<string> {
  const reply = await sender.request('load-key', { type: 'any', data });
  ensure('load-key', reply);
  return text(reply, 'id') ?? '';
}

export async function unloadKey(sender: ViciSender, id: string): Promise<void> {
  ensure('unload-key', await sender.request('unload-key', { id }));
}

/** Ids of the private keys that were loaded by VICI. */
export async function getKeys(sender: ViciSender): Promise<string[]> {
  return textList(await sender.request('get-keys'), 'keys');
}

/** `addresses`: a prefix or a range `first-last`. A pool of that name is replaced unless its addresses are in use. */
export async function loadPool(
  sender: ViciSender,
  pool: { name: string; addresses: string; dns: readonly string[] },
): Promise<void> {
  const attributes: ViciInput = {
    addrs: pool.addresses,
    ...(pool.dns.length > 0 ? { dns: [...pool.dns] } : {}),
  };
  ensure('load-pool', await sender.request('load-pool', { [pool.name]: attributes }));
}

export async function unloadPool(sender: ViciSender, name: string): Promise<void> {
  ensure('unload-pool', await sender.request('unload-pool', { name }));
}

/** Names of the pools that were loaded by VICI. */
export async function getPools(sender: ViciSender): Promise<string[]> {
  return [...subsections(await sender.request('get-pools'))].map(([name]) => name);
}

/** @throws ViciError `refused` unless the reply says success */
function ensure(command: string, reply: ViciSection): void {
  if (flag(reply, 'success')) return;
  throw new ViciError(
    'refused',
    `charon refused ${command}: ${text(reply, 'errmsg') ?? 'it gave no reason'}.`,
  );
}
