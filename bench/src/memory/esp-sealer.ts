// A peer of ESP tunnels that only sends: writes tunnel-mode packets over IPv4 as their inbound SAs want them, by the keys
// that the gateway itself has for those.
//
// It is no second gateway: in a thread with two, their nodes share compiled code, which is then made for neither.
import { ESP_JOB_WORDS, SA, writeEspJob } from '@sluice/dataplane/test-support';
import type { MemoryGateway } from './gateway.js';
import { put32, writeIp4 } from './network.js';

const IP4 = 20;
const ESP = 50;
const IN_IP4 = 4;
const ESP_HEADER = 8;
const TRAILER = 2;
/** Octets of an IV that is the sequence number; longer ones are random, and written by the crypto. */
const SEQUENCE_IV = 8;

/** Addresses of the outer header. */
export interface Ends {
  source: number;
  destination: number;
}

export class EspSealer {
  private readonly rows: readonly Int32Array[];
  /** Of the last packet by each SA. */
  private readonly numbers: Uint32Array;
  private readonly jobs: Int32Array;
  private readonly status: Uint8Array;
  private count = 0;

  /** @param packets to seal at once, at most */
  constructor(
    private readonly gateway: MemoryGateway,
    tunnels: readonly string[],
    private readonly ends: Ends,
    packets: number,
  ) {
    this.rows = tunnels.map((tunnel) => gateway.control.sa(`${tunnel} in`).words);
    this.numbers = new Uint32Array(tunnels.length);
    this.jobs = new Int32Array(packets * ESP_JOB_WORDS);
    this.status = new Uint8Array(packets);
  }

  /** Octets before the inner packet. */
  headBytes(tunnel: number): number {
    return IP4 + ESP_HEADER + this.rows[tunnel]![SA.SA_IV_BYTES]!;
  }

  /**
   * Writes all but the inner packet of `octets` octets, which is at headBytes() behind `ip`, for seal(). Returns the
   * octets of the whole.
   */
  wrap(tunnel: number, ip: number, octets: number): number {
    const { bytes } = this.gateway.pool;
    const row = this.rows[tunnel]!;
    const esp = ip + IP4;
    const iv = esp + ESP_HEADER;
    const payload = ip + this.headBytes(tunnel);
    const alignment = row[SA.SA_ALIGNMENT]!;
    const sealed = (octets + TRAILER + alignment - 1) & -alignment;
    const padding = sealed - octets - TRAILER;
    const trailer = payload + sealed - TRAILER;
    for (let n = 0; n < padding; n++) bytes[payload + octets + n] = n + 1;
    bytes[trailer] = padding;
    bytes[trailer + 1] = IN_IP4;
    const number = ++this.numbers[tunnel]!;
    put32(bytes, esp, row[SA.SA_SPI]!);
    put32(bytes, esp + 4, number);
    if (payload - iv === SEQUENCE_IV) {
      put32(bytes, iv, 0);
      put32(bytes, iv + 4, number);
    }
    writeEspJob(this.jobs, this.count++, row[SA.SA_KEY]!, payload, sealed, esp, iv, 0, 0);
    const total = payload + sealed + row[SA.SA_ICV_BYTES]! - ip;
    writeIp4(bytes, ip, { total, protocol: ESP, ...this.ends });
    return total;
  }

  /** Seals what wrap() has written since the last call. */
  seal(): void {
    const failed = this.gateway.crypto.seal(this.jobs, this.count, this.status);
    if (failed !== 0) throw new Error(`${failed} of ${this.count} packets were not sealed`);
    this.count = 0;
  }
}
