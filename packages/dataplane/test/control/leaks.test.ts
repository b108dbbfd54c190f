import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { ip, Network } from '../process/support/network.js';

describe('everything that a configuration can have', function () {
  this.timeout(120_000);

  it('leaves nothing behind when it goes, however often it comes', async () => {
    const network = new Network();
    try {
      ip('-n', network.gateway, 'link', 'add', 'p0', 'type', 'veth', 'peer', 'name', 'p1');
      for (const device of ['p0', 'p1']) ip('-n', network.gateway, 'link', 'set', device, 'up');
      const file = fileURLToPath(new URL('./scenarios/leaks.js', import.meta.url));
      const { code, output } = await network.run(
        network.gateway,
        process.execPath,
        '--enable-source-maps',
        file,
      );
      assert.equal(code, 0, output);
    } finally {
      await network.close();
    }
  });
});
