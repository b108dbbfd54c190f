import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Network } from '../process/support/network.js';

describe('linux twins', function () {
  this.timeout(120_000);

  it('makes Linux have what it should, touches the difference only, and leaves what others have', async () => {
    const network = new Network();
    try {
      const file = fileURLToPath(new URL('./scenarios/twins.js', import.meta.url));
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
