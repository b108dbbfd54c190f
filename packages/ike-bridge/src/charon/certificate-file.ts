// Certificates and revocation lists, in the files that the configuration names.
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { readNamedFile } from '@sluice/shared';

/** A chain of four certificates of RSA keys of 4096 bits has 8 KB; what VICI carries in a value has at most 64. */
const FILE_MAX = 65_535;
const BEGIN = '-----BEGIN ';

export interface Certificate {
  der: Buffer;
  /** For the operator: the subject in one line. */
  subject: string;
  /** First and last moment at which it is valid, in milliseconds since 1970. */
  validMs: [from: number, to: number];
  /** Names beside the subject, each as `kind:value`. */
  names: string[];
  /** SHA-1 of the public key, as charon names private keys. */
  keyId: string;
}

/** @throws Error a sentence that tells the operator what to do about the file */
export async function readCertificates(path: string): Promise<Certificate[]> {
  const bytes = await readFile(path);
  const blocks = pemBlocks(bytes);
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY'))) {
    throw new Error(`The certificate file ${path} holds a private key: put that into a file of its own.`);
  }
  const ders =
    blocks.length === 0 && !bytes.includes(BEGIN)
      ? [bytes]
      : blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ der }) => der);
  if (ders.length === 0) throw new Error(`The certificate file ${path} holds no certificate.`);
  return ders.map((der) => {
    try {
      return read(new X509Certificate(der), der);
    } catch (error) {
      throw new Error(
        `The certificate file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
        { cause: error },
      );
    }
  });
}

/**
 * The list in DER.
 * @throws Error a sentence that tells the operator what to do about the file
 */
export async function readCrl(path: string): Promise<Buffer> {
  const bytes = await readFile(path);
  if (!bytes.includes(BEGIN)) return bytes;
  const block = pemBlocks(bytes).find(({ label }) => label === 'X509 CRL');
  if (block === undefined) throw new Error(`The file ${path} holds no certificate revocation list.`);
  return block.der;
}

function read(x509: X509Certificate, der: Buffer): Certificate {
  return {
    der,
    subject: x509.subject.split('\n').join(', ') || '(no subject)',
    validMs: [Date.parse(x509.validFrom), Date.parse(x509.validTo)],
    names: (x509.subjectAltName ?? '').split(', ').filter((name) => name !== ''),
    keyId: keyId(x509.publicKey),
  };
}

/** SHA-1 of the bits of SubjectPublicKeyInfo's subjectPublicKey (RFC 5280 section 4.2.1.2, method 1). */
function keyId(key: KeyObject): string {
  const spki = key.export({ type: 'spki', format: 'der' });
  const outer = contentAt(spki, 0);
  const bits = contentAt(spki, contentAt(spki, outer.from).to);
  // The first octet of a BIT STRING counts unused bits.
  return createHash('sha1')
    .update(spki.subarray(bits.from + 1, bits.to))
    .digest('hex');
}

/** Where the content of the DER value at `at` begins and ends (X.690 section 8.1.3). */
function contentAt(der: Buffer, at: number): { from: number; to: number } {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { from: at + 2, to: at + 2 + first };
  const octets = first & 0x7f;
  const from = at + 2 + octets;
  return { from, to: from + der.readUIntBE(at + 2, octets) };
}

/** What is wrong with a certificate, or will soon be, at a time. */
export function certificateWarnings(
  path: string,
  { subject, validMs }: Certificate,
  nowMs: number,
): string[] {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const [from, to] = validMs;
  if (nowMs > to) return [`The certificate ${subject} in ${path} expired on ${day(to)}: renew it.`];
  if (nowMs >= from) return [];
  return [
    `The certificate ${subject} in ${path} is valid from ${day(from)} only: look at the clock of this device.`,
  ];
}

/** Every block of a PEM file (RFC 7468), in order. */
function pemBlocks(bytes: Buffer): { label: string; der: Buffer }[] {
  const blocks = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/g;
  return [...bytes.toString('latin1').matchAll(blocks)].map(([, label = '', base64 = '']) => ({
    label,
    der: Buffer.from(base64, 'base64'),
  }));
}

async function readFile(path: string): Promise<Buffer> {
  const { stat, bytes } = await readNamedFile(path, FILE_MAX).catch((error: unknown) => {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const because = missing
      ? 'is missing'
      : `cannot be opened: ${error instanceof Error ? error.message : ''}`;
    throw new Error(`The certificate file ${path} ${because}.`, { cause: error });
  });
  if (!stat.regular || stat.size > FILE_MAX)
    throw new Error(
      `The certificate file ${path} is no file of at most ${FILE_MAX} bytes: is it the right one?`,
    );
  return bytes;
}
