import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A compiler thread that waits for its turn would leave code that allocates in use until it is measured. */
const COMPILES_AT_ONCE = ['--no-concurrent-recompilation', '--no-concurrent-osr'];
const child = fileURLToPath(new URL('./allocation-child.js', import.meta.url));

/** What a round may allocate, whatever it carries: the time as a boxed number, and now and then a second one. */
const BYTES_PER_ROUND = 32;
const SEMI_SPACE_BYTES = 1 << 20;

/** Garbage collections while a path handles so many packets, with a young generation of 1 MiB. */
async function collections(path: string, packets: number): Promise<string[]> {
  const options = [
    '--trace-gc',
    '--max-semi-space-size=1',
    ...COMPILES_AT_ONCE,
    child,
    path,
    String(packets),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, options, {
    timeout: 110_000,
    maxBuffer: 16 << 20,
  });
  const measured = /measured from here\n([\s\S]*)to here/.exec(stdout)?.[1];
  assert.ok(measured !== undefined, `the child printed: ${stdout}`);
  return measured.split('\n').filter((line) => /Scavenge|Mark-/.test(line));
}

describe('rounds of a forwarder', function () {
  this.timeout(120_000);

  const paths: [string, number, number][] = [
    ['forward', 3_000_000, 256],
    ['forward-one-by-one', 300_000, 1],
    ['fragment', 500_000, 256],
    ['reassemble', 300_000, 256],
    ['virtual-reassembly', 500_000, 256],
    ['mss-clamp', 1_000_000, 256],
    ['flow-meter', 1_000_000, 256],
    ['flow-meter6', 500_000, 256],
    ['echo', 1_000_000, 256],
    ['arp', 1_000_000, 256],
    ['error', 1_000_000, 256],
    ['forward6', 1_000_000, 256],
    ['forward6-extended', 1_000_000, 256],
    ['echo6', 500_000, 256],
    ['echo6-fragmented', 200_000, 256],
    ['error6', 500_000, 256],
    ['drop', 1_000_000, 256],
    ['vlan', 1_000_000, 256],
    ['bridge', 1_000_000, 256],
    ['flood', 300_000, 256],
    ['tunnel', 1_000_000, 256],
    ['tunnel-selectors-tfc', 500_000, 256],
    ['tunnel-cbc', 500_000, 256],
    ['gre-in-transport-mode', 500_000, 256],
    ['unknown-spi', 1_000_000, 256],
  ];
  for (const [path, packets, vector] of paths) {
    it(`allocate nothing for a packet: ${path}`, async () => {
      const rounds = (packets / vector) * (path.startsWith('tunnel') || path.startsWith('gre') ? 2 : 1);
      const allowed = Math.ceil((rounds * BYTES_PER_ROUND) / SEMI_SPACE_BYTES);
      const seen = await collections(path, packets);
      assert.ok(
        seen.length <= allowed,
        `${seen.length} collections, ${allowed} allowed:\n${seen.join('\n')}`,
      );
    });
  }

  it('would be seen to allocate if they did', async () => {
    assert.ok((await collections('allocating', 1_000_000)).length > 10);
  });
});
