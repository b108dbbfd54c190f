import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { ip, Namespaces } from './support/namespaces.js';

describe('native AF_XDP', () => {
  let network: Namespaces;
  beforeEach(() => {
    network = new Namespaces('left', 'spare');
  });
  afterEach(() => network.close());

  for (const mode of ['native', 'generic', 'auto']) {
    it(`receives, sends and accounts for every frame: ${mode}`, async () => {
      await network.scenario('xdp-echo', mode).done();
    });
  }

  it('receives again when the pool, once empty, has frames for it', async () => {
    await network.scenario('xdp-starved').done();
  });

  it('sends what lies in a large frame in one of its own', async () => {
    await network.scenario('large-frame', 'af_xdp').done();
  });

  it('names its errors, and leaves the program with the process that dies', async () => {
    const holder = network.scenario('xdp-hold');
    await holder.said('open');
    await network.scenario('xdp-errors').done();
    assert.match(ip('-n', network.near, '-d', 'link', 'show', 'left'), /prog\/xdp/);

    const exited = once(holder.process, 'exit');
    holder.process.kill('SIGKILL');
    await exited;
    const deadline = Date.now() + 5000;
    while (/xdp/.test(ip('-n', network.near, '-d', 'link', 'show', 'left'))) {
      assert.ok(Date.now() < deadline, 'the program is still attached');
      await setImmediate();
    }
  });
});
