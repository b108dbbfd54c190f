// Authorities, certificates and revocation lists for a test, made by openssl(1) when it runs.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type KeyType = 'RSA' | 'ECDSA' | 'Ed25519';

const GENERATE: Record<KeyType, string[]> = {
  RSA: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  ECDSA: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  Ed25519: ['-algorithm', 'ED25519'],
};

export interface Issued {
  key: string;
  /** The certificate alone, and with that of the authority between it and the root. */
  certificate: string;
  chain: string;
}

const openssl = (...args: string[]): void => {
  execFileSync('openssl', args, { stdio: 'pipe' });
};

/** A root, and an authority below it that issues. */
export class Pki {
  readonly root: string;
  readonly intermediate: string;
  private lastList = 0;

  constructor(
    private readonly dir: string,
    private readonly type: KeyType,
  ) {
    mkdirSync(dir, { mode: 0o700 });
    this.root = this.path('root.pem');
    this.intermediate = this.path('intermediate.pem');
    writeFileSync(this.path('index'), '');
    writeFileSync(this.path('serial'), '01\n');
    writeFileSync(
      this.path('authority.ext'),
      'basicConstraints=critical,CA:true\nkeyUsage=keyCertSign,cRLSign\n',
    );
    this.key('root');
    openssl(
      ...['req', '-x509', '-new', '-key', this.path('root.key'), '-out', this.root, '-days', '30'],
      ...['-subj', `/C=CH/O=Lab/CN=${type} root`, '-addext', 'keyUsage=keyCertSign,cRLSign'],
    );
    this.sign('intermediate', `/C=CH/O=Lab/CN=${type} issuer`, 'root', this.path('authority.ext'));
  }

  /** `name` is an FQDN or an email address, and in the certificate beside the subject `C=CH, O=Lab, CN=name`. */
  issue(name: string): Issued {
    const kind = name.includes('@') ? 'email' : 'DNS';
    const extensions = this.path(`${name}.ext`);
    writeFileSync(extensions, `subjectAltName=${kind}:${name}\nextendedKeyUsage=serverAuth,clientAuth\n`);
    this.sign(name, `/C=CH/O=Lab/CN=${name}`, 'intermediate', extensions);
    const chain = this.path(`${name}.chain.pem`);
    const certificate = this.path(`${name}.pem`);
    writeFileSync(chain, readFileSync(certificate, 'utf8') + readFileSync(this.intermediate, 'utf8'));
    return { key: this.path(`${name}.key`), certificate, chain };
  }

  /** The lists of both authorities; that of the lower one revokes these certificates. */
  lists(revoked: readonly Issued[]): string[] {
    return ['root', 'intermediate'].map((authority) => {
      const config = this.path(`${authority}.cnf`);
      writeFileSync(
        config,
        `[ca]\ndefault_ca=a\n[a]\ndatabase=${this.path('index')}\ndefault_md=sha256\n` +
          `default_crl_days=7\ncrlnumber=${this.path(`${authority}.number`)}\ncrl_extensions=e\ncertificate=${this.path(`${authority}.pem`)}\n` +
          `private_key=${this.path(`${authority}.key`)}\n[e]\nauthorityKeyIdentifier=keyid\n`,
      );
      if (authority === 'intermediate')
        for (const { certificate } of revoked) openssl('ca', '-config', config, '-revoke', certificate);
      this.count(authority);
      const list = this.path(`${authority}.crl`);
      openssl('ca', '-config', config, '-gencrl', '-out', list);
      return list;
    });
  }

  /** The next list is newer. */
  private count(authority: string): void {
    this.lastList++;
    writeFileSync(this.path(`${authority}.number`), `${this.lastList.toString(16).padStart(4, '0')}\n`);
  }

  private path(file: string): string {
    return join(this.dir, file);
  }

  private key(name: string): void {
    openssl('genpkey', ...GENERATE[this.type], '-out', this.path(`${name}.key`));
  }

  private sign(name: string, subject: string, authority: string, extensions: string): void {
    const request = this.path(`${name}.csr`);
    this.key(name);
    openssl('req', '-new', '-key', this.path(`${name}.key`), '-subj', subject, '-out', request);
    openssl(
      ...['x509', '-req', '-in', request, '-out', this.path(`${name}.pem`), '-days', '30'],
      ...['-CA', this.path(`${authority}.pem`), '-CAkey', this.path(`${authority}.key`), '-CAcreateserial'],
      ...['-extfile', extensions],
    );
  }
}
