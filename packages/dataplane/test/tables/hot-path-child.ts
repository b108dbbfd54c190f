// Started with --trace-gc by hot-path.test.ts: runs one hot path many times between two lines of output.
import { writeSync } from 'node:fs';
import type { Ip6Words } from '@sluice/shared/net';
import { allocateEpoch, EpochControl, EpochReader } from '../../src/memory/epoch.js';
import { SpscRing } from '../../src/memory/spsc-ring.js';
import { HashU32, HashU32Writer } from '../../src/tables/hash-u32.js';
import { firstNarrowVrf, makeFib } from './fib-model.js';
import { makeFib6, realisticRoutes } from './ip6-fib-model.js';
import { xorshift } from './random.js';

const VECTOR = 256;
const VECTORS = 20_000;

const random = xorshift(7);
const out = new Int32Array(VECTOR);
const keys = Int32Array.from({ length: VECTOR }, random);

/** Each returns what handles one vector. */
const paths: Record<string, () => () => void> = {
  fib() {
    const test = makeFib();
    const narrow = firstNarrowVrf(test);
    for (let i = 0; i < 500; i++) {
      test.writer.add(0, random(), 8 + (i % 25), 1 + i);
      test.writer.add(narrow, random(), 8 + (i % 25), 1 + i);
    }
    const { fib } = test;
    return () => {
      for (let i = 0; i < VECTOR; i++) out[i] = fib.lookup(i & 1 ? 0 : narrow, keys[i]!);
    };
  },
  fib6() {
    const test = makeFib6();
    test.writer.createVrf(0);
    test.writer.createVrf(1);
    const { addresses, lengths } = realisticRoutes(4000, random);
    for (let i = 0; i < lengths.length; i++) {
      const address = [...addresses.subarray(4 * i, 4 * i + 4)] as unknown as Ip6Words;
      if (lengths[i] !== 0) test.writer.add(i < 100 ? 1 : 0, address, lengths[i]!, 1 + i);
    }
    const { fib } = test;
    return () => {
      for (let i = 0; i < VECTOR; i++) {
        const at = 4 * (i % 120);
        out[i] = fib.lookup(i & 1, addresses[at]! | 0, addresses[at + 1]! | 0, keys[i]!, keys[i]!);
      }
    };
  },
  hash() {
    const buffer = HashU32.allocate(VECTOR);
    const writer = new HashU32Writer(buffer, new EpochControl(allocateEpoch(1)));
    for (let i = 0; i < VECTOR; i += 2) writer.set(keys[i]!, 0x7ffffffe - i, keys[i + 1]!);
    const hash = new HashU32(buffer);
    return () => {
      for (let i = 0; i < VECTOR; i++) out[i] = hash.lookup(keys[i]!, keys[(i + 1) % VECTOR]!);
    };
  },
  ring() {
    const buffer = SpscRing.allocate(1024);
    const producer = new SpscRing(buffer);
    const consumer = new SpscRing(buffer);
    return () => {
      for (let i = 0; i < 32; i++) producer.push(keys[i]!);
      producer.pushMany(keys, 32, VECTOR - 32);
      producer.needsWake();
      consumer.popMany(out, 0, VECTOR);
      if (consumer.prepareSleep()) consumer.awake();
    };
  },
  epoch() {
    const reader = new EpochReader(allocateEpoch(1), 0);
    return () => {
      reader.quiescent();
      reader.offline();
      reader.online();
    };
  },
  /** Allocates on purpose, to show that the test would notice. */
  allocating() {
    let kept: object = {};
    return () => {
      for (let i = 0; i < VECTOR; i++) kept = { at: i, before: kept === out };
      out[0] = Object.keys(kept).length;
    };
  },
};

const vector = paths[process.argv[2] ?? '']!();
for (let i = 0; i < VECTORS; i++) vector();
writeSync(1, 'measured from here\n');
for (let i = 0; i < VECTORS; i++) vector();
writeSync(1, 'to here\n');
