// Runs tables of cases against one gateway.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import type { Case, Step } from './case.js';
import { bounded, type Counts, moved, readCounts } from './counters.js';
import { Setting, type Topology } from './setting.js';

const START_MS = 60_000;

/** A describe block of a topology: tables of cases by their subject, in order, then the gateway's own sums. */
export function conformance(topology: Topology, tables: Record<string, readonly Case[]>): void {
  describe(`conformance: ${topology.name}`, () => {
    let setting: Setting;
    let failed = false;

    before(async function () {
      this.timeout(START_MS);
      setting = await Setting.start(topology);
    });
    afterEach(function () {
      failed ||= this.currentTest?.state === 'failed';
    });
    after(async function () {
      this.timeout(START_MS);
      await setting?.stop(failed);
    });

    for (const [subject, cases] of Object.entries(tables)) {
      describe(subject, () => {
        for (const one of cases) it(one.name, () => runCase(setting, one));
      });
    }

    describe('afterwards', () => {
      it('every frame that was sent was received, and every frame received was sent', () => sums(setting));
    });
  });
}

async function runCase(setting: Setting, one: Case): Promise<void> {
  const steps: readonly Step[] = one.steps ?? [{ send: one.send ?? [], expect: one.expect ?? [] }];
  const installed = await setting.install(one.sas ?? {});
  await one.before?.(setting);
  try {
    const before = await readCounts(setting.client);
    const { rounds } = setting;
    const failures: string[] = [];
    for (const [i, { send, expect = [], settled }] of steps.entries()) {
      const what = steps.length > 1 ? `step ${i + 1}: ` : '';
      const found = await setting.run({ send, expect, watch: one.watch ?? [] });
      failures.push(...found.map((failure) => `${what}${failure}`));
      if (failures.length === 0) await settled?.(setting);
    }
    failures.push(...(await setting.framesBack()).map((failure) => `later: ${failure}`));
    const after = await readCounts(setting.client);
    const named = one.counters ?? {};
    const changes = moved(before, after, named, setting.sentinelCounts(setting.rounds - rounds));
    for (const path of one.may ?? []) delete changes[path];
    if (failures.length > 0) assert.fail([...failures, `counters: ${JSON.stringify(changes)}`].join('\n\n'));
    assert.deepEqual(changes, bounded(named, changes), 'counters moved');
    dropsAddUp(before, after);
  } finally {
    await one.after?.(setting);
    await setting.remove(installed);
  }
}

/** What nodes say they dropped is what interfaces say they lost. */
function dropsAddUp(before: Counts, after: Counts): void {
  const ofInterfaces = ({ interfaces }: Counts): number =>
    [...interfaces].reduce((sum, [path, count]) => (path.endsWith('.drops') ? sum + count : sum), 0);
  assert.equal(ofInterfaces(after) - ofInterfaces(before), after.drops - before.drops, "interfaces' drops");
}

/** A probe of the gateway's own may be under way: the sums are looked at until they agree. */
async function sums(setting: Setting): Promise<void> {
  await until('the sums to agree', async () => {
    const ports = Object.entries(await setting.sumsSinceStart());
    for (const [port, { sent, received, gatewayReceived, gatewaySent }] of ports) {
      assert.deepEqual([gatewayReceived, gatewaySent], [sent, received], `frames of ${port}`);
    }
    return true;
  });
}
