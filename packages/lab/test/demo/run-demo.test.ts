import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { labCommands, runDemo } from '../../src/index.js';

const BROKEN = fileURLToPath(new URL('../fixtures/broken-gateway.js', import.meta.url));
const SILENT = fileURLToPath(new URL('../fixtures/silent-gateway.js', import.meta.url));

describe('a demo that fails', () => {
  it('says why in a sentence and where the logs are, and leaves nothing else', async () => {
    let text = '';
    const out = { write: (part: string) => (text += part) };
    const before = labCommands.list().map(({ id }) => id);
    assert.equal(await runDemo({ once: true, out, executable: BROKEN }), 1);
    assert.match(text, /✘ Start the hq gateway/);
    assert.match(text, /^The demo failed: .* ended with status 3 .*: the data plane has no memory$/m);
    const logs = /^Logs: (.*)$/m.exec(text)?.[1];
    assert.ok(logs && existsSync(logs), text);
    try {
      assert.match(readFileSync(`${logs}/hq/sluice.log`, 'utf8'), /the data plane has no memory/);
      assert.equal(existsSync(`${logs}/hq/tunnel.psk`), false);
      const after = labCommands.list().filter(({ owner }) => owner?.pid === process.pid);
      assert.deepEqual(
        after.map(({ id }) => id).filter((id) => !before.includes(id)),
        [],
      );
    } finally {
      rmSync(logs, { recursive: true });
    }
  });

  it('shows the tunnel that the gateways report, and does not take their word for it', async () => {
    let text = '';
    const out = { write: (part: string) => (text += part) };
    assert.equal(await runDemo({ once: true, out, executable: SILENT }), 1);
    rmSync(/^Logs: (.*)$/m.exec(text)![1]!, { recursive: true });
    assert.match(text, /branch +hq #1 IKEv2 +ESTABLISHED +initiator +branch\.example at 198\.51\.100\.2/);
    assert.match(text, /hq +branch #2 +INSTALLED +0x000000c1 +0x000000c2 +10\.2\.0\.0\/24 ↔ 10\.1\.0\.0\/24/);
    assert.match(text, /branch +10\.2\.0\.0\/24 +static +– +hq +tunnel/);
    assert.match(text, /^The demo failed: ping from branch-host to 10\.2\.0\.2 failed: 0 of /m);
  });
});
