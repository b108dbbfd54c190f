// sluice trace: a ping's way through the graph, out by the tunnel and back.
import assert from 'node:assert/strict';
import { type TracedPacket, until } from '@sluice/shared';
import { sluice } from '../support/cli.js';
import { ping } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { HQ, type TwoSites } from '../support/two-sites.js';

const OUT = [
  'ethernet-input',
  'ip4-input',
  'ip4-lookup',
  'ip4-mss-clamp',
  'ip4-rewrite',
  'esp-encrypt',
  'ip4-lookup',
  'ip4-rewrite',
];
const BACK = [
  'ethernet-input',
  'ip4-input',
  'ip4-lookup',
  'ip4-local',
  'esp-input',
  'esp-decrypt',
  'ip4-input',
];

describe('sluice trace', () => {
  const suite = sitesSuite({ name: 'cli-trace' });

  /** Traces what comes in at an interface while a host pings. */
  async function traced({ branch, branchHost }: TwoSites, ...args: string[]): Promise<string> {
    assert.ok((await ping(branchHost, HQ.host)).answered);
    let done = false;
    const tracing = sluice(branch.gateway, 'trace', ...args, '--timeout', '20').finally(() => {
      done = true;
    });
    await until(
      'the trace to have its packets',
      async () => {
        await ping(branchHost, HQ.host, { count: 1 });
        return done;
      },
      { deadlineMs: 30_000 },
    );
    const { code, stdout, stderr } = await tracing;
    assert.deepEqual([code, stderr], [0, ''], stdout);
    return stdout;
  }
  const withoutHandOff = ({ steps }: TracedPacket): string[] =>
    steps.map(({ node }) => node).filter((node) => node !== 'hand-off');

  suite.it('shows a request on its way into the tunnel', async (sites) => {
    const out = await traced(sites, '--interface', 'lan', '--protocol', 'icmp', '--count', '1');
    const [heading = '', ...steps] = out.trimEnd().split('\n');
    assert.match(heading, /^packet \d+, worker \d+$/);
    const nodes = steps
      .map((line) => /µs +(\S+)/.exec(line)?.[1] ?? '')
      .filter((node) => node !== 'hand-off');
    assert.deepEqual(nodes.slice(0, OUT.length), OUT);
    assert.match(out, /10\.1\.0\.2 > 10\.2\.0\.2 ICMP/);
    assert.match(out, /esp-encrypt +198\.51\.100\.2 > 203\.0\.113\.2 ESP .*spi [0-9a-f]{8}/);
    assert.match(steps.at(-1) ?? '', /interface-output .*→ sent$/);
  });

  suite.it('shows the reply on its way out of the tunnel, as JSON', async (sites) => {
    const out = await traced(sites, '--interface', 'wan', '--protocol', 'esp', '--count', '2', '--json');
    const packets = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as TracedPacket);
    assert.equal(packets.length, 2);
    for (const packet of packets) {
      const nodes = withoutHandOff(packet);
      assert.deepEqual(nodes.slice(0, BACK.length), BACK);
      assert.match(packet.steps.at(-1)?.summary ?? '', /10\.2\.0\.2 > 10\.1\.0\.2 ICMP/);
      assert.equal(packet.steps.at(-1)?.node, 'interface-output');
    }
  });
});
