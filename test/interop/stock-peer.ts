// A peer that nobody here wrote: Debian's charon with its own ESP (the plugin kernel-libipsec), configured by its
// own swanctl.conf. It encapsulates ESP in UDP always, and routes by a TUN device of its own.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import type { LabNode, NodeProcess } from '@sluice/lab';

const CHARON = '/usr/sbin/charon-systemd';
const PLUGINS =
  'random nonce x509 openssl kdf pem pkcs1 pkcs8 revocation constraints eap-identity eap-mschapv2 eap-tls ' +
  'xauth-generic kernel-libipsec kernel-netlink socket-default vici';

/** Of swanctl's own directory. */
const FOLDERS = ['x509', 'x509ca', 'x509crl', 'private'];

export interface PeerConnection {
  local: { address: string; id: string; network: string };
  remote: { address: string; id: string; network: string };
  psk: string;
  /** Of ESP, as swanctl.conf writes it. */
  esp: string;
  /** Has it look for a dead peer every two seconds, and give it up after ten more, instead of never. */
  detectsFailure?: boolean;
}

export interface PeerSa {
  spiIn: number;
  spiOut: number;
  /** Such as AES_GCM_16-128 or AES_CBC-256/HMAC_SHA2_256_128. */
  algorithm: string;
}

export class StockPeer {
  private constructor(
    private readonly node: LabNode,
    private charon: NodeProcess,
    private readonly connection: PeerConnection,
  ) {}

  /** Starts charon in a node of its own and loads the connection, named `sluice` with the child `net`. */
  static async start(node: LabNode, connection: PeerConnection): Promise<StockPeer> {
    const peer = await StockPeer.bare(node, connection);
    await peer.propose(connection.esp);
    return peer;
  }

  /** Starts charon in a node of its own, with nothing loaded. */
  static async bare(node: LabNode, connection: PeerConnection): Promise<StockPeer> {
    emptyFolders(node);
    const peer = new StockPeer(node, await startCharon(node, connection), connection);
    await peer.ready();
    return peer;
  }

  /** As after a power cut: charon and its SAs are gone without a word, and a new one has the same swanctl.conf. */
  async reboot(): Promise<void> {
    await this.kill();
    await this.startAgain('swanctl/swanctl.conf');
  }

  async kill(): Promise<void> {
    this.charon.signal('SIGKILL');
    await this.charon.exited;
  }

  /** After `kill`. @param file what it loads, in its node */
  async startAgain(file = 'swanctl.conf'): Promise<void> {
    this.charon = await startCharon(this.node, this.connection);
    await this.ready();
    await this.swanctl(true, '--load-all', '--noprompt', '--file', this.node.path(file));
  }

  /** Stops its charon, ESP included, until the function returned is called. Whoever has killed it meanwhile may do so. */
  pause(): () => void {
    const { charon } = this;
    charon.signal('SIGSTOP');
    return () => {
      if (charon.status === null) charon.signal('SIGCONT');
    };
  }

  /** Asks for a rekeying of a charon that may be dead, or stopped. */
  async tryRekeyChild(): Promise<void> {
    const uri = `unix://${this.node.path('charon.vici')}`;
    await this.node.run(['timeout', '2', 'swanctl', '--rekey', '--child', 'net', '--uri', uri], {
      check: false,
    });
  }

  private ready(): Promise<void> {
    return this.charon.waitUntilReady(async () => (await this.swanctl(false, '--stats')).code === 0, 30_000);
  }

  /** From now on has this swanctl.conf, and nothing else; certificates and keys are in the folders of `files` beside it. */
  async load(conf: string, files: Record<string, readonly string[]> = {}): Promise<void> {
    const base = emptyFolders(this.node);
    for (const [folder, paths] of Object.entries(files))
      for (const path of paths) copyFileSync(path, `${base}/${folder}/${basename(path)}`);
    const file = this.node.writeFile('swanctl/swanctl.conf', conf);
    await this.swanctl(true, '--load-all', '--clear', '--noprompt', '--file', file);
  }

  /** Ends what there is, without a word to the other side. */
  async forget(): Promise<void> {
    await this.swanctl(false, '--terminate', '--ike', 'sluice', '--force', '--timeout', '1');
  }

  /** From now on proposes and accepts this for ESP; SAs that there are stay. */
  async propose(esp: string): Promise<void> {
    this.node.writeFile('swanctl.conf', swanctlConf({ ...this.connection, esp }));
    await this.swanctl(true, '--load-all', '--noprompt', '--file', this.node.path('swanctl.conf'));
  }

  initiate(child = 'net'): Promise<unknown> {
    return this.swanctl(true, '--initiate', '--child', child, '--timeout', '15');
  }

  terminateChild(): Promise<unknown> {
    // Fails when there is none.
    return this.swanctl(false, '--terminate', '--child', 'net', '--timeout', '5');
  }

  rekeyChild(): Promise<unknown> {
    return this.swanctl(true, '--rekey', '--child', 'net');
  }

  rekeyIke(): Promise<unknown> {
    return this.swanctl(true, '--rekey', '--ike', 'sluice');
  }

  /** Its installed CHILD_SAs. */
  async sas(): Promise<PeerSa[]> {
    const { stdout } = await this.swanctl(true, '--list-sas', '--raw');
    // One CHILD_SA ends where the next name in braces begins.
    return [...stdout.matchAll(/state=INSTALLED[^{}]*/g)].map(([text]) => ({
      spiIn: Number.parseInt(valueIn(text, 'spi-in'), 16),
      spiOut: Number.parseInt(valueIn(text, 'spi-out'), 16),
      algorithm: ['encr', 'integ']
        .map((kind) => [valueIn(text, `${kind}-alg`), valueIn(text, `${kind}-keysize`)])
        .map((parts) => parts.filter((part) => part !== '').join('-'))
        .filter((name) => name !== '')
        .join('/'),
    }));
  }

  log(): string {
    return this.charon.log();
  }

  private swanctl(check: boolean, command: string, ...rest: string[]) {
    return this.node.run(['swanctl', command, '--uri', `unix://${this.node.path('charon.vici')}`, ...rest], {
      check,
      deadlineMs: 40_000,
    });
  }
}

function startCharon(node: LabNode, { detectsFailure }: PeerConnection): Promise<NodeProcess> {
  const conf = node.writeFile('strongswan.conf', strongswanConf(node, detectsFailure === true));
  return node.start([CHARON], { name: 'charon', env: { STRONGSWAN_CONF: conf } });
}

/** Of `key=value` in what swanctl --raw prints; empty without the key. */
function valueIn(text: string, key: string): string {
  return new RegExp(`(?:^|\\s)${key}=(\\S*)`).exec(text)?.[1] ?? '';
}

function emptyFolders(node: LabNode): string {
  const base = node.path('swanctl');
  rmSync(base, { recursive: true, force: true });
  for (const folder of FOLDERS) mkdirSync(`${base}/${folder}`, { recursive: true, mode: 0o700 });
  return base;
}

function strongswanConf(node: LabNode, detectsFailure: boolean): string {
  return `
charon {
  load = ${PLUGINS}
  plugins { vici { socket = unix://${node.path('charon.vici')} } }
  ${detectsFailure ? 'retransmit_timeout = 1\n  retransmit_tries = 3' : ''}
  i_dont_care_about_security_and_use_aggressive_mode_psk = yes
  filelog { stdout { default = 1 } }
}
charon-systemd { journal { default = -1 } }
swanctl { load = random x509 openssl pem pkcs1 pkcs8 }
`;
}

function swanctlConf({ local, remote, psk, esp, detectsFailure }: PeerConnection): string {
  return `
connections {
  sluice {
    version = 2
    ${detectsFailure === true ? 'dpd_delay = 2s' : ''}
    local_addrs = ${local.address}
    remote_addrs = ${remote.address}
    local { auth = psk; id = ${local.id} }
    remote { auth = psk; id = ${remote.id} }
    children {
      net { local_ts = ${local.network}; remote_ts = ${remote.network}; esp_proposals = ${esp} }
    }
  }
}
secrets { ike { id-1 = ${local.id}; id-2 = ${remote.id}; secret = "${psk}" } }
`.replaceAll('; ', '\n');
}
