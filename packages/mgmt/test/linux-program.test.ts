// Programs of Linux in a VRF: by the name that the namespace of the VRF has where the gateway runs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { inVrf } from '../src/commands/linux-program.js';

const MODULE = new URL('../src/commands/linux-program.js', import.meta.url).href;

describe('programs of Linux', () => {
  it('run as they are in the default VRF', async () => {
    for (const vrf of [undefined, 'default'])
      assert.deepEqual(await inVrf(vrf, ['ping', 'x']), ['ping', 'x']);
  });

  it('run in the namespace of their VRF, which a gateway in a namespace names after that', () => {
    const own = `sluice-mgmt-${process.pid}`;
    const script = `import('${MODULE}').then(async ({ inVrf }) => console.log(JSON.stringify(await inVrf('blue', ['ping', 'x']))))`;
    execFileSync('ip', ['netns', 'add', own]);
    try {
      const said = execFileSync('ip', ['netns', 'exec', own, process.execPath, '-e', script], {
        encoding: 'utf8',
      });
      assert.deepEqual(JSON.parse(said), ['nsenter', `--net=/run/netns/${own}-blue`, '--', 'ping', 'x']);
    } finally {
      execFileSync('ip', ['netns', 'del', own]);
    }
  });
});
