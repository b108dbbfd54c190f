import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Network } from '../process/support/network.js';

describe('linux twins', function () {
  this.timeout(120_000);

  async function passes(scenario: string): Promise<void> {
    const network = new Network();
    try {
      const file = fileURLToPath(new URL(`./scenarios/${scenario}.js`, import.meta.url));
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
  }

  it('makes Linux have what it should, touches the difference only, and leaves what others have', () =>
    passes('twins'));

  it('of many interfaces: looks at some in each call, and finds every one that somebody removed', () =>
    passes('many-twins'));
});
