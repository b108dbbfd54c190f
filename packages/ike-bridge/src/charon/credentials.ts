// What connections authenticate by, on its way from files to charon: shared secrets, private keys, certificates.
//
// Files are looked at before each round and read again only when they have changed. Secrets are in memory between
// their file and charon's socket, and wiped on both sides of it; certificates are public and are remembered.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { type ConnectionSection, readSecretFile, showsCertificate } from '@sluice/shared';
import {
  getKeys,
  getShared,
  loadCert,
  loadCrl,
  loadKey,
  loadShared,
  unloadKey,
  unloadShared,
  type ViciSender,
} from '../vici/index.js';
import { type Certificate, certificateWarnings, readCertificates, readCrl } from './certificate-file.js';
import { fileSignature } from './file-signature.js';
import { type SharedSecret, sharedSecrets } from './shared-secrets.js';

/** What of its files a connection itself carries in charon. */
export interface Material {
  /** Our certificate, alone; DER. */
  own: Buffer[];
  /** Authorities of the peer, and its only certificate. */
  authorities: Buffer[];
  pinned: Buffer[];
  /** Of all certificates and lists: changes when one does. */
  digest: string;
  /** Sentences about what is wrong with them, though the connection can be loaded. */
  warnings: string[];
}

export const NO_MATERIAL: Material = { own: [], authorities: [], pinned: [], digest: '', warnings: [] };

/** Fingerprints tell a changed secret from the same one within this process, and are of no use outside it. */
const FINGERPRINT_KEY = randomBytes(32);

/** What a secret was when charon was given it. */
interface Given {
  /** Of its file, and of whose it is. */
  state: string;
  fingerprint: string;
}

/** What charon holds, by its own word. */
export interface Present {
  shared: ReadonlySet<string>;
  keys: ReadonlySet<string>;
}

export class Credentials {
  /** Shared secrets and private keys, by id in charon. */
  readonly #secrets = new Map<string, Given>();
  /** By connection, the private key that it needs. */
  readonly #keyOf = new Map<string, string>();
  /** By path. */
  readonly #certificates = new Map<string, { signature: string; read: Certificate[] }>();
  readonly #lists = new Map<string, { signature: string; read: Buffer }>();
  /** Digests of certificates and lists that charon has beside its connections. */
  readonly #given = new Set<string>();

  /** charon may be another one, which holds nothing. */
  forgetCharon(): void {
    this.#secrets.clear();
    this.#given.clear();
  }

  async present(sender: ViciSender): Promise<Present> {
    return { shared: new Set(await getShared(sender)), keys: new Set(await getKeys(sender)) };
  }

  /**
   * Gives charon what the connection needs and it does not have.
   * @throws Error when a file cannot be used, ViciError when charon cannot take what it holds
   */
  async load(sender: ViciSender, connection: ConnectionSection, present: Present): Promise<Material> {
    for (const secret of sharedSecrets(connection)) await this.#loadShared(sender, secret, present);
    const { local, remote } = connection;
    const nowMs = Date.now();
    const warnings: string[] = [];
    const all: Buffer[] = [];
    const certificatesOf = async (reference: { file: string } | undefined): Promise<Certificate[]> => {
      if (reference === undefined) return [];
      const found = await this.#certificatesOf(reference.file);
      for (const certificate of found) {
        warnings.push(...certificateWarnings(reference.file, certificate, nowMs));
        all.push(certificate.der);
      }
      return found;
    };
    const shown = await certificatesOf(showsCertificate(local) ? local.certificate : undefined);
    const [leaf, ...chain] = shown;
    if (leaf !== undefined && local.certificate !== undefined && local.private_key !== undefined) {
      const files = { file: local.private_key.file, certificateFile: local.certificate.file };
      await this.#loadKey(sender, connection.name, leaf, files, present);
      warnings.push(...identityWarnings(local.certificate.file, leaf, local.id));
    } else {
      this.#keyOf.delete(connection.name);
    }
    for (const { der } of chain) await this.#give(der, () => loadCert(sender, der));
    const authorities: Certificate[] = [];
    for (const reference of remote.ca ?? []) authorities.push(...(await certificatesOf(reference)));
    const pinned = await certificatesOf(remote.certificate);
    for (const { file } of remote.crl ?? []) {
      const list = await this.#listOf(file);
      all.push(list);
      await this.#give(list, () => loadCrl(sender, list));
    }
    return {
      own: leaf === undefined ? [] : [leaf.der],
      authorities: authorities.map(({ der }) => der),
      pinned: pinned.map(({ der }) => der),
      digest: all.length === 0 ? '' : digestOf(...all),
      warnings,
    };
  }

  /** Takes from charon the secrets that none of these connections needs. */
  async removeOthers(
    sender: ViciSender,
    connections: readonly ConnectionSection[],
    present: Present,
  ): Promise<void> {
    const shared = new Set(connections.flatMap(sharedSecrets).map(({ id }) => id));
    for (const id of present.shared) {
      if (shared.has(id)) continue;
      await unloadShared(sender, id);
      this.#secrets.delete(id);
    }
    const names = new Set(connections.map(({ name }) => name));
    for (const name of this.#keyOf.keys()) if (!names.has(name)) this.#keyOf.delete(name);
    const keys = new Set(this.#keyOf.values());
    // Which key a connection has is known once its certificate has been read.
    const known = connections.every(({ name, local }) => !showsCertificate(local) || this.#keyOf.has(name));
    for (const id of known ? present.keys : []) {
      if (keys.has(id)) continue;
      await unloadKey(sender, id);
      this.#secrets.delete(id);
    }
  }

  async #loadShared(sender: ViciSender, secret: SharedSecret, { shared }: Present): Promise<void> {
    const { id, type, file, owners } = secret;
    const what = type === 'IKE' ? undefined : 'password';
    await this.#offer(id, { file, what, owners, known: shared.has(id) }, (data) =>
      loadShared(sender, { id, type, data, owners }),
    );
  }

  async #loadKey(
    sender: ViciSender,
    connection: string,
    certificate: Certificate,
    local: { file: string; certificateFile: string },
    { keys }: Present,
  ): Promise<void> {
    const { keyId } = certificate;
    const { file, certificateFile } = local;
    this.#keyOf.set(connection, keyId);
    const reference = { file, what: 'private key', owners: [], known: keys.has(keyId) };
    await this.#offer(keyId, reference, async (data) => {
      if (data.includes('ENCRYPTED'))
        throw new Error(
          `The private key ${file} is encrypted: write it without a passphrase (openssl pkey -in ${file}), with mode 0600.`,
        );
      const loaded = await loadKey(sender, data);
      if (loaded === keyId) return;
      await unloadKey(sender, loaded);
      throw new Error(
        `The private key ${file} is not that of the certificate ${certificate.subject} in ${certificateFile}: give the two that belong together.`,
      );
    });
  }

  /** Reads a secret if its file has changed, has it loaded if it is another one or charon has none, and wipes it. */
  async #offer(
    id: string,
    {
      file,
      what,
      owners,
      known,
    }: { file: string; what: string | undefined; owners: string[]; known: boolean },
    load: (data: Buffer) => Promise<void>,
  ): Promise<void> {
    const before = known ? this.#secrets.get(id) : undefined;
    const state = JSON.stringify([await fileSignature(file), file, owners]);
    if (before?.state === state) return;
    const data = await readSecretFile(file, what);
    try {
      const fingerprint = createHmac('sha256', FINGERPRINT_KEY)
        .update(JSON.stringify(owners))
        .update(data)
        .digest('hex');
      if (fingerprint !== before?.fingerprint) await load(data);
      this.#secrets.set(id, { state, fingerprint });
    } finally {
      data.fill(0);
    }
  }

  async #certificatesOf(path: string): Promise<Certificate[]> {
    const signature = await fileSignature(path);
    const known = this.#certificates.get(path);
    if (known?.signature === signature && signature !== '') return known.read;
    const read = await readCertificates(path);
    this.#certificates.set(path, { signature, read });
    return read;
  }

  async #listOf(path: string): Promise<Buffer> {
    const signature = await fileSignature(path);
    const known = this.#lists.get(path);
    if (known?.signature === signature && signature !== '') return known.read;
    const read = await readCrl(path);
    this.#lists.set(path, { signature, read });
    return read;
  }

  async #give(data: Buffer, load: () => Promise<void>): Promise<void> {
    const digest = digestOf(data);
    if (this.#given.has(digest)) return;
    await load();
    this.#given.add(digest);
  }
}

function digestOf(...parts: Buffer[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** Peers believe an identity that the certificate has; charon would say the subject instead of another. */
function identityWarnings(path: string, { subject, names }: Certificate, id: string | undefined): string[] {
  if (id === undefined || id.includes('=') || id.startsWith('keyid:')) return [];
  const values = names.map((name) => name.slice(name.indexOf(':') + 1));
  if (values.some((value) => value.toLowerCase() === id.toLowerCase())) return [];
  const has = values.length === 0 ? 'no name beside its subject' : `the names ${values.join(', ')}`;
  return [
    `The certificate ${subject} in ${path} is not for local.id ${id}: it has ${has}. Set local.id to one of its names, or leave it out for the subject.`,
  ];
}
