import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SCENARIO = fileURLToPath(new URL('./scenarios/vrf-namespaces.js', import.meta.url));

describe('namespaces of VRFs', function () {
  this.timeout(120_000);

  it("are never another data plane's, whatever they are named", async () => {
    // Mounts of its own, so that its /run/netns has nobody else's namespaces in it.
    const mounts = 'mount --make-rprivate / && mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns';
    const child = spawn('unshare', [
      ...['--mount', '--net', 'sh', '-c', `${mounts} && exec "$@"`, 'sh'],
      ...[process.execPath, '--enable-source-maps', SCENARIO],
    ]);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 0, output);
  });
});
