import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { deviceConfigSchema } from '@sluice/shared';
import { sharePsk, siteConfiguration } from '../../src/demo/configuration.js';
import { BRANCH, HQ } from '../../src/demo/topology.js';
import { Lab } from '../../src/index.js';

describe("the demo's configurations", () => {
  it('are valid, and mirror each other', () => {
    const branch = deviceConfigSchema.parse(siteConfiguration(BRANCH, HQ, 'initiate', '/psk'));
    const hq = deviceConfigSchema.parse(siteConfiguration(HQ, BRANCH, 'respond', '/psk'));
    const [here, there] = [branch.ike.connections[0]!, hq.ike.connections[0]!];
    const who = ({ address, id }: { address: string; id?: string | undefined }) => ({ address, id });
    assert.deepEqual([who(here.local), who(here.remote)], [who(there.remote), who(there.local)]);
    assert.deepEqual(here.children[0]?.local_ts, there.children[0]?.remote_ts);
    assert.deepEqual([here.start, there.start], ['initiate', 'respond']);
    assert.ok(branch.routes.some(({ prefix, interface: via }) => prefix === HQ.lan.network && via === 'hq'));
    assert.ok(
      hq.routes.some(({ prefix, interface: via }) => prefix === BRANCH.lan.network && via === 'branch'),
    );
  });

  it('have one key, another in each demo, that only its owner can read', async () => {
    const lab = await Lab.create({ name: 'psk-test' });
    try {
      const gateways = await Promise.all([lab.gateway('a'), lab.gateway('b')]);
      const files = sharePsk(...gateways);
      const keys = files.map((file) => readFileSync(file, 'utf8'));
      assert.equal(keys[0], keys[1]);
      assert.equal(Buffer.from(keys[0]!.trim(), 'base64url').length, 32);
      for (const file of files) assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.notEqual(readFileSync(sharePsk(gateways[0])[0]!, 'utf8'), keys[1]);
    } finally {
      await lab.stop();
    }
  });
});
