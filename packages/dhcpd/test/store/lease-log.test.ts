import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createLogger, dhcpLeaseStates } from '@sluice/shared';
import fc from 'fast-check';
import type { Lease } from '../../src/engine/lease.js';
import type { Lease6 } from '../../src/engine6/lease6.js';
import { HEADER_BYTES, newRecord, seal } from '../../src/store/frame.js';
import { LeaseLog } from '../../src/store/lease-log.js';
import { CODEC4, encodeRecord, readRecords } from '../../src/store/record.js';
import { CODEC6 } from '../../src/store/record6.js';

const log = createLogger({ name: 'test', level: 'silent' });

const text = fc.string({ maxLength: 40 });
const lease: fc.Arbitrary<Lease> = fc.record(
  {
    vrf: fc.constantFrom('default', 'guests'),
    address: fc.integer({ min: 0, max: 0xffffffff }),
    state: fc.constantFrom(...dhcpLeaseStates),
    ...{ client: text, mac: text, clientId: text, hostName: text, vendorClass: text },
    ...{ circuitId: text, remoteId: text, port: text, member: text },
    startedMs: fc.nat(),
    expiresMs: fc.oneof(fc.nat(), fc.constant(Number.POSITIVE_INFINITY)),
  },
  { noNullPrototype: true },
);

describe('the lease log', () => {
  let dir: string;
  let path: string;
  const table = new Map<string, Lease>();
  const opened: LeaseLog<Lease>[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-leases-'));
    path = join(dir, 'leases.log');
    table.clear();
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function open(supersededMin?: number): Promise<[LeaseLog<Lease>, Lease[]]> {
    const read: Lease[] = [];
    const options = { path, log, codec: CODEC4, leases: () => table.values(), size: () => table.size };
    const made = await LeaseLog.open(
      { ...options, ...(supersededMin === undefined ? {} : { supersededMin }) },
      (one) => read.push(one),
    );
    opened.push(made);
    return [made, read];
  }
  const reopen = async (): Promise<Lease[]> => {
    await opened.pop()?.close();
    return (await open())[1];
  };
  const some = (count: number, seed = 1): Lease[] => fc.sample(lease, { numRuns: count, seed });

  it('has every lease again, as it was', async () => {
    const leases = some(300);
    const [file] = await open();
    await Promise.all(leases.map((one) => file.append(one)));
    assert.deepEqual(await reopen(), leases);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('goes on behind the last whole record, wherever the last write was cut', async () => {
    const leases = some(3);
    const [file] = await open();
    for (const one of leases) await file.append(one);
    await opened.pop()?.close();
    const whole = readFileSync(path);
    const lastBytes = encodeRecord(leases[2]!).length;
    for (let cut = 1; cut <= lastBytes; cut++) {
      writeFileSync(path, whole);
      truncateSync(path, whole.length - cut);
      assert.deepEqual(await reopen(), leases.slice(0, 2), `${cut} octets short`);
      await opened.at(-1)!.append(leases[2]!);
      assert.deepEqual(await reopen(), leases);
    }
  });

  it('is begun anew when not even its first line was written whole', async () => {
    writeFileSync(path, 'sluice le');
    const [file, read] = await open();
    assert.deepEqual(read, []);
    await file.append(some(1)[0]!);
    assert.equal((await reopen()).length, 1);
  });

  it('reads records of before members were counted', () => {
    const [one] = some(1);
    const record = encodeRecord({ ...one!, member: '' });
    // Without the last text: its length of two octets is all that there is.
    const older = newRecord(record.length - HEADER_BYTES - 2);
    older.set(record.subarray(HEADER_BYTES, record.length - 2), HEADER_BYTES);
    const read: Lease[] = [];
    readRecords(seal(older), 0, (lease) => read.push(lease));
    assert.deepEqual(read, [{ ...one!, member: '' }]);
  });

  it('loses only what is damaged, by whichever octet', () => {
    const leases = some(20, 3);
    const bytes = Buffer.concat(leases.map(encodeRecord));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = damaged[at]! ^ flip;
        const read: Lease[] = [];
        readRecords(damaged, 0, (one) => read.push(one));
        assert.equal(read.length, leases.length - 1);
        for (const one of read) assert.ok(leases.some((other) => isDeepStrictEqual(other, one)));
      }),
    );
  });

  it('reads any octets without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), lease, (noise, one) => {
        const read: Lease[] = [];
        readRecords(Buffer.concat([noise, encodeRecord(one)]), 0, (found) => read.push(found));
        assert.deepEqual(read.at(-1), one);
      }),
    );
  });

  it('has those of DHCPv6 again too, and damage costs no others', () => {
    const leases: Lease6[] = ['2001:db8::5', '2001:db8:f000::/56', '2001:db8::6'].map((address, i) => ({
      ...{ vrf: 'default', address, kind: address.includes('/') ? 'pd' : 'na', state: 'bound', iaid: i },
      ...{ client: '00030001020000000001', hostName: 'till-1', interface: 'lan', via: 'fe80::1' },
      ...{ port: 'link fe80::1', startedMs: 5, expiresMs: i === 1 ? Number.POSITIVE_INFINITY : 7 },
    }));
    const bytes = Buffer.concat(leases.map(CODEC6.encode));
    const read = (from: Buffer): Lease6[] => {
      const all: Lease6[] = [];
      CODEC6.read(from, 0, (one) => all.push(one));
      return all;
    };
    assert.deepEqual(read(bytes), leases);
    const first = CODEC6.encode(leases[0]!).length;
    for (let at = 0; at < first; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] = damaged[at]! ^ 1;
      assert.deepEqual(read(damaged), leases.slice(1), `octet ${at}`);
    }
    assert.deepEqual(read(bytes.subarray(0, bytes.length - 1)), leases.slice(0, 2));
  });

  it('is no file of another kind', async () => {
    writeFileSync(path, 'something that is no lease log at all');
    await assert.rejects(open(), /is no lease log of this version: move it away/);
  });

  it('is written anew while leases go on, with every one of them', async () => {
    const [file] = await open(100);
    const leases = some(40, 5);
    let largest = 0;
    for (let round = 0; round < 60; round++) {
      await Promise.all(
        leases.map((one, i) => {
          const changed = { ...one, address: i, startedMs: round };
          table.set(String(i), changed);
          return file.append(changed);
        }),
      );
      largest = Math.max(largest, statSync(path).size);
    }
    const once = [...table.values()].reduce((sum, one) => sum + encodeRecord(one).length, 0);
    assert.ok(largest < once * 40, `${largest} octets for ${once}`);
    const latest = new Map((await reopen()).map((one) => [String(one.address), one]));
    assert.deepEqual(latest, table);
  });

  it('refuses what it cannot write, and goes on when it can', async () => {
    const [file] = await open();
    const [first, second, third] = some(3);
    await file.append(first!);
    await opened.pop()?.close();
    await assert.rejects(file.append(second!), /file closed|EBADF/);
    const [again, read] = await open();
    assert.deepEqual(read, [first]);
    await again.append(third!);
    assert.deepEqual(await reopen(), [first, third]);
  });
});
