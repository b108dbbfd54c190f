// Proof from the router, the one place that neither gateway controls: what crosses it is ESP with the SPIs of the
// tunnel, both ways, and nothing of the hosts' is in clear.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { contains, parseIp4, parseIp4Prefix } from '@sluice/shared';
import { type Capture, framesIn } from '../capture.js';
import { LabError } from '../errors.js';
import { BRANCH, HOST_DEVICE, HQ, type Topology } from './topology.js';
import { type PingResult, ping } from './traffic.js';
import { spi } from './units.js';

/** What the IKE bridge says: SPIs by the direction of their packets. */
export interface ExpectedSpis {
  toHq: number[];
  toBranch: number[];
}

export interface Proof {
  there: PingResult;
  back: PingResult;
  /** ESP packets seen on the router. */
  espToHq: number;
  espToBranch: number;
}

export interface Evidence {
  /** Frames on the router with an IPv4 header; ESP ones have an SPI (`0x…`), also inside UDP. */
  frames: { source: string; destination: string; protocol: string; spi: string }[];
  /** Whether the hosts' payload is anywhere in the router's capture. */
  payloadOnRouter: boolean;
  /** Whether it is in that of the far host: else its absence from the router's would prove nothing. */
  payloadAtHost: boolean;
}

const PINGS = 3;
/** ESP, and UDP that carries it (RFC 3948): an ICMP error quotes the ESP packet that it is about, and is none. */
const ESP_PROTOCOLS = ['50', '17'];

/**
 * Pings from either host to the other, with a payload that is nowhere else, while capturing on the router.
 * Throws LabError that says what was seen and should not have been, or the other way round.
 */
export async function proveEncryption(
  topology: Pick<Topology, 'router' | 'branchHost' | 'hqHost'>,
  expected: ExpectedSpis,
): Promise<Proof> {
  const { router, hqHost, branchHost } = topology;
  const marker = randomBytes(16);
  const pattern = marker.toString('hex');
  const [onRouter, atHost] = await Promise.all([
    router.capture({ interface: BRANCH.name, name: 'proof-router' }),
    hqHost.capture({ interface: HOST_DEVICE, name: 'proof-hq-host', filter: 'icmp' }),
  ]);
  const there = await ping(branchHost, HQ.lan.host, PINGS, pattern);
  const back = await ping(hqHost, BRANCH.lan.host, PINGS, pattern);
  // Every request and every reply of both has passed both places by now; tcpdump may still be writing the last.
  await Promise.all([
    onRouter.waitFor(4 * PINGS, { filter: 'ip and not isakmp' }),
    atHost.waitFor(4 * PINGS, { filter: 'icmp' }),
  ]);
  const evidence = await examine(onRouter, atHost, marker);
  return { there, back, ...judge(evidence, expected, 2 * PINGS) };
}

async function examine(onRouter: Capture, atHost: Capture, marker: Buffer): Promise<Evidence> {
  const [routerFile, hostFile] = await Promise.all([onRouter.stop(), atHost.stop()]);
  const fields = ['ip.src', 'ip.dst', 'ip.proto', 'esp.spi'] as const;
  const frames = await framesIn(routerFile, fields, 'ip');
  return {
    frames: frames.map((frame) => ({
      source: frame['ip.src'],
      destination: frame['ip.dst'],
      protocol: frame['ip.proto'],
      spi: frame['esp.spi'],
    })),
    payloadOnRouter: readFileSync(routerFile).includes(marker),
    payloadAtHost: readFileSync(hostFile).includes(marker),
  };
}

/** Counts the ESP packets of each direction, of which there must be `least`. Throws LabError on anything amiss. */
export function judge(
  evidence: Evidence,
  expected: ExpectedSpis,
  least: number,
): Pick<Proof, 'espToHq' | 'espToBranch'> {
  const { frames, payloadAtHost, payloadOnRouter } = evidence;
  if (!payloadAtHost)
    fail('the payload of the pings was not seen at hq-host: the capture there proves nothing');
  if (payloadOnRouter) fail('the payload of the pings crossed the router in clear');
  const clear = frames.find(({ source, destination }) => [source, destination].some(isInside));
  if (clear) {
    fail(
      `a packet from ${clear.source} to ${clear.destination} (IP protocol ${clear.protocol}) crossed in clear`,
    );
  }
  return {
    espToHq: countEsp(evidence, HQ.wan.address, expected.toHq, least),
    espToBranch: countEsp(evidence, BRANCH.wan.address, expected.toBranch, least),
  };
}

/** Whether an address belongs to the network inside a site, which the outside never sees. */
function isInside(address: string): boolean {
  const number = parseIp4(address);
  return [BRANCH, HQ].some(({ lan }) => {
    const network = parseIp4Prefix(lan.network);
    return number !== null && network !== null && contains(network, number);
  });
}

function countEsp(evidence: Evidence, to: string, expectedSpis: number[], least: number): number {
  const esp = evidence.frames.filter(
    (frame) => frame.destination === to && frame.spi !== '' && ESP_PROTOCOLS.includes(frame.protocol),
  );
  const known = expectedSpis.map(spi);
  const foreign = esp.find((frame) => !known.includes(frame.spi));
  if (foreign) {
    fail(`ESP to ${to} has the SPI ${foreign.spi}, which is not one of the tunnel's (${known.join(', ')})`);
  }
  if (esp.length < least) {
    fail(`the router saw ${esp.length} ESP packets to ${to}, where at least ${least} were sent`);
  }
  return esp.length;
}

function fail(message: string): never {
  throw new LabError('command-failed', message);
}
