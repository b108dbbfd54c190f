// ESP in tunnel mode, through the whole graph: packets from `lan` into tunnels by their routes and out by `wan`, sealed; or
// sealed ones in by `wan` and out by `lan`, opened. They are sealed between batches, so that each has the sequence number
// that is its turn.
import type { BenchTables, EspSa } from '@sluice/dataplane/test-support';
import { EspSealer } from '../memory/esp-sealer.js';
import { MemoryGateway } from '../memory/gateway.js';
import { ETHERNET, LAN_MAC, WAN_MAC, writeEthernet, writeIp4 } from '../memory/network.js';
import { type LoopPlan, PACKETS, PacketLoop } from '../memory/packet-loop.js';
import { Random } from '../memory/workload.js';

export const ALGORITHMS = ['aes-gcm-128', 'aes-gcm-256', 'aes-cbc-128-sha256', 'chacha20-poly1305'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export interface EspOrder {
  algorithm: Algorithm;
  /** Octets of the inner IP packet. */
  octets: number;
  /** Tunnels, of which each packet takes a random one. */
  sas: number;
  packets?: number;
}

const SEED = 20_260_702;
const FRAMES = 4 * PACKETS;
const [NEAR, FAR] = ['10.2.0.1', '10.2.0.2'];
/** Behind tunnel number i: 11.0.0.0/24 and the networks after it. */
const INSIDE = 0x0b000000;
const SPI_OUT = 0x1000_0000;
const SPI_BACK = 0x2000_0000;
/** The sender inside. */
const HOST = 0x0a010002;
const UDP = 17;

type Transform = Required<Pick<EspSa, 'cipher' | 'integrity' | 'icvBytes'>> & {
  keyBytes: number;
  saltBytes: number;
  integrityBytes: number;
};

const TRANSFORMS: Record<Algorithm, Transform> = {
  'aes-gcm-128': {
    cipher: 'aes-gcm',
    keyBytes: 16,
    saltBytes: 4,
    integrity: 'none',
    integrityBytes: 0,
    icvBytes: 16,
  },
  'aes-gcm-256': {
    cipher: 'aes-gcm',
    keyBytes: 32,
    saltBytes: 4,
    integrity: 'none',
    integrityBytes: 0,
    icvBytes: 16,
  },
  'aes-cbc-128-sha256': {
    cipher: 'aes-cbc',
    keyBytes: 16,
    saltBytes: 0,
    integrity: 'hmac-sha2-256',
    integrityBytes: 32,
    icvBytes: 16,
  },
  'chacha20-poly1305': {
    cipher: 'chacha20-poly1305',
    keyBytes: 32,
    saltBytes: 4,
    integrity: 'none',
    integrityBytes: 0,
    icvBytes: 16,
  },
};

export function espSeal({ algorithm, octets, sas, packets = PACKETS }: EspOrder): PacketLoop {
  const routes = Array.from({ length: sas }, (_, i) => ({ prefix: insideOf(i), via: tunnelName(i) }));
  const gateway = new MemoryGateway(
    {
      interfaces: [
        { name: 'lan', address: '10.1.0.1/24' },
        { name: 'wan', address: `${FAR}/24` },
      ],
      tunnels: tunnels(algorithm, sas, false),
      neighbours: [{ interface: 'wan', address: NEAR, mac: '02:00:00:00:02:01' }],
      routes,
    },
    { frames: FRAMES },
  );
  const random = new Random(SEED);
  return new PacketLoop(gateway, {
    from: 'lan',
    to: 'wan',
    packets,
    recycles: true,
    write(bytes, at) {
      writeEthernet(bytes, at, LAN_MAC, 0x0800);
      const destination = INSIDE + random.below(sas) * 256 + 2;
      writeIp4(bytes, at + ETHERNET, { total: octets, protocol: UDP, source: HOST, destination });
      return ETHERNET + octets;
    },
  });
}

export function espOpen({ algorithm, octets, sas, packets = PACKETS }: EspOrder): PacketLoop {
  const gateway = new MemoryGateway(
    {
      interfaces: [
        { name: 'lan', address: '10.1.0.1/24' },
        { name: 'wan', address: `${NEAR}/24` },
      ],
      tunnels: tunnels(algorithm, sas, true),
      neighbours: [{ interface: 'lan', address: '10.1.0.2', mac: '02:00:00:00:ff:01' }],
      routes: [{ prefix: '11.0.0.0/8', via: '10.1.0.2' }],
    },
    { frames: FRAMES },
  );
  const names = Array.from({ length: sas }, (_, i) => tunnelName(i));
  const sealer = new EspSealer(gateway, names, { source: 0x0a020002, destination: 0x0a020001 }, packets);
  const random = new Random(SEED);
  return new OpenLoop(sealer, gateway, {
    from: 'wan',
    to: 'lan',
    packets,
    recycles: true,
    write(bytes, at) {
      writeEthernet(bytes, at, WAN_MAC, 0x0800);
      const tunnel = random.below(sas);
      const ip = at + ETHERNET;
      const destination = INSIDE + tunnel * 256 + 2;
      const inner = ip + sealer.headBytes(tunnel);
      writeIp4(bytes, inner, { total: octets, protocol: UDP, source: HOST, destination });
      return ETHERNET + sealer.wrap(tunnel, ip, octets);
    },
  });
}

/** Opens what a sealer has sealed between batches. */
class OpenLoop extends PacketLoop {
  constructor(
    private readonly sealer: EspSealer,
    gateway: MemoryGateway,
    plan: LoopPlan,
  ) {
    super(gateway, plan);
  }

  override fill(): void {
    super.fill();
    this.sealer.seal();
  }
}

function tunnelName(index: number): string {
  return `tun${index}`;
}

function insideOf(index: number): string {
  const network = INSIDE + index * 256;
  return `${network >>> 24}.${(network >>> 16) & 255}.${(network >>> 8) & 255}.0/24`;
}

function tunnels(algorithm: Algorithm, count: number, near: boolean): NonNullable<BenchTables['tunnels']> {
  return Array.from({ length: count }, (_, i) => {
    const out = saOf(algorithm, SPI_OUT + i);
    const back = saOf(algorithm, SPI_BACK + i);
    const ends = near ? { local: NEAR, remote: FAR } : { local: FAR, remote: NEAR };
    return { name: tunnelName(i), ...ends, inbound: near ? out : back, outbound: near ? back : out };
  });
}

function saOf(algorithm: Algorithm, spi: number): EspSa {
  const { cipher, integrity, icvBytes, keyBytes, saltBytes, integrityBytes } = TRANSFORMS[algorithm];
  const random = new Random(spi);
  const octets = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => random.below(256));
  return {
    spi,
    esn: false,
    ...{ cipher, integrity, icvBytes },
    key: octets(keyBytes),
    salt: octets(saltBytes),
    integrityKey: octets(integrityBytes),
  };
}
