// Sequence numbers never repeat under a key: in any order of packets, ticks, rekeys, a full disk, and the data plane's
// death at any moment, after which the IKE bridge installs the same SAs again.
import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import fc from 'fast-check';
import { SA_SEQ_HIGH, SA_SEQ_LOW, SA_SHIFT } from '../../src/tables/security-associations.js';
import { numbersLeft, takeNumbers } from '../../src/tables/sequence-numbers.js';
import { SaBench, spec } from './support/sa-bench.js';

const LAST_32 = 2 ** 32 - 1;
const TWO_32 = 2 ** 32;
const OUT = 0x2001;

type Step =
  | { kind: 'send'; sa: number; packets: number; skip: number }
  | { kind: 'tick' }
  | { kind: 'rekey'; esn: boolean; start: number }
  | { kind: 'remove'; sa: number }
  | { kind: 'update'; sa: number }
  | { kind: 'disk'; full: boolean }
  | { kind: 'restart' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      sa: fc.nat(3),
      packets: fc.integer({ min: 1, max: 20 }),
      // Most of what was reserved is passed over, as millions of packets would.
      skip: fc.constantFrom(0, 0, 1 << 20, 1 << 22, 1 << 23),
    }),
  },
  { weight: 5, arbitrary: fc.constant({ kind: 'tick' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('rekey' as const),
      esn: fc.boolean(),
      start: fc.constantFrom(0, 0, 5, LAST_32 - (1 << 24), LAST_32 - 30, LAST_32),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), sa: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('update' as const), sa: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disk' as const), full: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'restart' as const }) },
);

class Model {
  bench = new SaBench();
  private now = 0;
  private nextSpi = OUT;
  private full = false;
  /** What the bridge has installed, by SPI; the last number sent under each key. */
  private readonly installed = new Map<number, { esn: boolean; start: number }>();
  private readonly last = new Map<number, number>();
  sent = 0;

  run(steps: readonly Step[]): void {
    this.rekey(false, 0);
    for (const one of steps) this.take(one);
  }

  private take(one: Step): void {
    const spi = [...this.installed.keys()].at('sa' in one ? -1 - one.sa : -1);
    this.now += 50;
    switch (one.kind) {
      case 'send':
        if (spi !== undefined && this.has(spi)) this.send(spi, one.packets, one.skip);
        break;
      case 'tick':
        this.mayFail(() => this.bench.sas.tick(this.now));
        break;
      case 'rekey':
        this.rekey(one.esn, one.start);
        break;
      case 'remove':
        if (spi !== undefined && this.installed.size > 1) {
          this.installed.delete(spi);
          this.mayFail(() => this.bench.sas.remove(spec(spi, 'out'), this.now));
          this.bench.reclaim();
        }
        break;
      case 'update':
        if (spi !== undefined && this.has(spi)) this.install(spi);
        break;
      case 'disk':
        this.full = one.full;
        this.watch();
        break;
      case 'restart':
        this.bench = this.bench.restarted();
        this.watch();
        for (const known of this.installed.keys()) this.install(known);
        break;
    }
  }

  private watch(): void {
    this.bench.journal.watch = () => {
      if (this.full) throw new Error('ENOSPC');
    };
  }

  private mayFail(action: () => void): void {
    try {
      action();
    } catch (error) {
      assert.ok(this.full && error instanceof Error && error.message.endsWith('ENOSPC'), String(error));
    }
  }

  private rekey(esn: boolean, start: number): void {
    const spi = this.nextSpi++;
    this.installed.set(spi, { esn, start });
    this.last.set(spi, start);
    this.install(spi);
  }

  private install(spi: number): void {
    const { esn, start } = this.installed.get(spi)!;
    this.mayFail(() => this.bench.sas.install(spec(spi, 'out', { esn, start_sequence: start }), this.now));
  }

  private has(spi: number): boolean {
    return this.bench.sas.counters(spec(spi, 'out')) !== null;
  }

  private send(spi: number, packets: number, skip: number): void {
    const { words } = this.bench.table;
    const at = this.bench.row(spi) << SA_SHIFT;
    const current = (): number => (words[at + SA_SEQ_HIGH]! >>> 0) * TWO_32 + (words[at + SA_SEQ_LOW]! >>> 0);
    const jumped = Math.min(current() + skip, this.bench.limit(spi));
    if (jumped > current()) {
      assert.ok(current() >= this.last.get(spi)!, 'numbers that were passed over may have been sent');
      this.bench.use(spi, jumped);
      this.last.set(spi, jumped);
    }
    for (let left = Math.min(packets, numbersLeft(words, at)); left > 0; left--) {
      takeNumbers(words, at, 1);
      const number = current();
      assert.ok(number > this.last.get(spi)!, `SPI ${spi}: ${number} after ${this.last.get(spi)}`);
      assert.ok(number <= (this.installed.get(spi)!.esn ? Number.MAX_SAFE_INTEGER : LAST_32));
      this.last.set(spi, number);
      this.sent++;
    }
  }
}

describe('sequence numbers', function () {
  this.timeout(120_000);

  it(`never repeat under a key, whatever happens in whatever order (seed ${seed})`, () => {
    let sent = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
        const model = new Model();
        try {
          model.run(steps);
          sent += model.sent;
        } finally {
          model.bench.close();
        }
      }),
      { numRuns: 150, seed },
    );
    assert.ok(sent > 1000, `${sent} packets were sent`);
  });
});
