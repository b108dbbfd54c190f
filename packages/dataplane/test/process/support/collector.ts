// A collector of IPFIX: Debian's nfdump, and tshark beside it, in a host of the network.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@sluice/shared';
import type { Network, Running } from './network.js';

const PORT = 4739;
/** Each look is a program. */
export const SLOWLY = { intervalMs: 100 };

/** A flow as nfdump read it; those of the same key are added. */
export interface CollectedFlow {
  src: string;
  dst: string;
  protocol: number;
  srcPort: number;
  dstPort: number;
  tos: number;
  flags: string;
  packets: number;
  octets: number;
  records: number;
}

export class Collector {
  private readonly dir = mkdtempSync(join(tmpdir(), 'sluice-flows-'));
  private daemon: Running | null = null;
  private sniffer: Running | null = null;

  constructor(
    private readonly network: Network,
    private readonly namespace: string,
  ) {}

  /** Starts nfcapd; resolves when it listens. */
  async listen(): Promise<void> {
    // Files of an hour: the one that counts is written when it ends.
    this.daemon = this.network.start(this.namespace, 'nfcapd', '-w', this.dir, '-p', `${PORT}`, '-t', '3600');
    await until('nfcapd listens', () => this.socket() !== '');
  }

  /** State, octets that wait to be read, and more of the socket, as ss has them; empty when nobody listens. */
  private socket(): string {
    return this.network.sync(this.namespace, 'ss', '-Hlun', `sport = :${PORT}`).trim();
  }

  /** Datagrams that programs of the host have read so far (RFC 4113, udpInDatagrams). */
  read(): number {
    const lines = this.network.sync(this.namespace, 'cat', '/proc/net/snmp').split('\n');
    const values = lines.filter((line) => line.startsWith('Udp:'))[1] ?? assert.fail('no figures of UDP');
    return Number(values.split(' ')[1]);
  }

  /** Ends nfcapd when it has read what has arrived; what it has collected is in a file then. */
  async stop(): Promise<void> {
    const { daemon } = this;
    this.daemon = null;
    if (daemon === null) return;
    await until('nfcapd has read all', () => this.socket().split(/\s+/)[1] === '0', SLOWLY);
    // ip netns exec has become nfcapd.
    daemon.child.kill('SIGTERM');
    const { code, output } = await daemon.ended;
    assert.equal(code, 0, output);
  }

  /** What all nfcapd so far have collected, by key. */
  async flows(): Promise<CollectedFlow[]> {
    const found = new Map<string, CollectedFlow>();
    for (const record of await this.records()) {
      const key = [
        record.src,
        record.dst,
        record.protocol,
        record.srcPort,
        record.dstPort,
        record.tos,
      ].join();
      const before = found.get(key);
      if (before === undefined) found.set(key, { ...record });
      else {
        before.packets += record.packets;
        before.octets += record.octets;
        before.records++;
      }
    }
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, flow]) => flow);
  }

  private async records(): Promise<CollectedFlow[]> {
    const records: CollectedFlow[] = [];
    for (const file of readdirSync(this.dir).filter((name) => name.startsWith('nfcapd.2'))) {
      const format = 'fmt:%sa %da %pr %sp %dp %tos %flg %ipkt %ibyt';
      const { code, output } = await this.network.run(
        this.namespace,
        'nfdump',
        '-r',
        join(this.dir, file),
        '-q',
        '-6',
        '-N',
        '-o',
        format,
      );
      assert.equal(code, 0, output);
      for (const line of output.split('\n')) {
        const cells = line.trim().split(/\s+/);
        if (cells.length < 9) continue;
        const [src, dst, protocol, srcPort, dstPort, tos, flags, packets, octets] = cells;
        records.push({
          src: src!,
          dst: dst!,
          protocol: Number(protocol),
          srcPort: Number(srcPort),
          dstPort: Number(dstPort),
          tos: Number(tos),
          flags: flags!,
          packets: Number(packets),
          octets: Number(octets),
          records: 1,
        });
      }
    }
    return records;
  }

  /** Begins to capture what comes to the collector's port. */
  async capture(): Promise<void> {
    const args = ['-i', 'eth0', '-f', `udp port ${PORT}`, '-w', join(this.dir, 'export.pcapng')];
    this.sniffer = this.network.start(this.namespace, 'tshark', ...args);
    await until('tshark captures', () => this.sniffer?.output().includes('Capturing on'));
  }

  /**
   * Ends the capture when it has so many messages; fields of each as tshark dissects them, several values of one joined by
   * commas.
   */
  async dissected(messages: number, ...fields: string[]): Promise<string[][]> {
    const { sniffer } = this;
    assert.ok(sniffer !== null);
    const captured = (): number => {
      const counted = this.network.sync(this.namespace, 'capinfos', '-Mc', join(this.dir, 'export.pcapng'));
      return Number(/Number of packets:\s+(\d+)/.exec(counted)?.[1]);
    };
    await until('all messages are captured', () => captured() >= messages, SLOWLY);
    sniffer.child.kill('SIGINT');
    await sniffer.ended;
    this.sniffer = null;
    const named = fields.flatMap((field) => ['-e', field]);
    const read = ['-r', join(this.dir, 'export.pcapng'), '-Y', 'cflow', '-T', 'fields', '-E', 'separator=;'];
    const { code, output } = await this.network.run(this.namespace, 'tshark', ...read, ...named);
    assert.equal(code, 0, output);
    return output
      .split('\n')
      .filter((line) => line.includes(';'))
      .map((line) => line.split(';'));
  }

  close(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
