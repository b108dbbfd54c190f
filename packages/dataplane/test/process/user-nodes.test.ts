// A user's node in a running gateway: loaded, changed, failing, and holding a worker.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { until } from '@sluice/shared';
import { NodeFiles, nodeSource } from '../user-nodes/support.js';
import { Gateway, port } from './support/gateway.js';
import { Network } from './support/network.js';
import { ping, pingAll } from './support/ping.js';

const FAR = '10.2.0.2';
const EXAMPLES = fileURLToPath(new URL('../../../../../examples/nodes/', import.meta.url));
/** A regular expression that backtracks for longer than anyone waits: no loop of JavaScript's own. */
const HOLDS = "return /^(a+)+$/.test('a'.repeat(60) + '!') ? BAD : PASS;";

describe("users' nodes in a running gateway", function () {
  this.timeout(120_000);
  let network: Network;
  let gateway: Gateway;
  let files: NodeFiles;
  let near: string;

  before(async () => {
    files = new NodeFiles();
    network = new Network();
    near = network.host('near', 'p0', '10.1.0.2/24', '10.1.0.1');
    network.host('far', 'p1', `${FAR}/24`, '10.2.0.1');
    gateway = new Gateway(network);
    await gateway.apply(state());
    await pingAll(network, near, '-c', '3', '-i', '0.2', FAR);
  });
  after(async () => {
    await gateway?.close();
    await network?.close();
    files?.close();
  });

  function state(...nodes: string[]): Parameters<Gateway['give']>[0] {
    return {
      interfaces: [port('lan', 'p0', ['10.1.0.1/24']), port('wan', 'p1', ['10.2.0.1/24'])],
      nodes: nodes.map((file) => ({ file, interfaces: ['lan'], on_fault: 'pass' as const })),
    };
  }
  const shown = async (): Promise<{ name: string; state: string }[]> =>
    (await gateway.client.request('show-nodes', {})).nodes;
  const passes = async (): Promise<boolean> =>
    (await ping(network, near, '-c', '1', '-W', '1', FAR)).received === 1;

  it('sees packets as soon as the configuration names it, and no longer', async () => {
    const file = files.write(
      'seen.ts',
      nodeSource('packet.count(SEEN); return packet.protocol === 1 ? BAD : PASS;'),
    );
    await gateway.apply(state(file));
    assert.equal(await passes(), false);
    assert.ok((await gateway.count('test-node/bad')) > 0);
    assert.equal(await gateway.count('test-node/bad'), await gateway.count('test-node/seen'));
    await gateway.apply(state());
    assert.deepEqual(await shown(), []);
    assert.ok(await passes());
  });

  it('is replaced when its file has changed, and keeps what it was when the new one is wrong', async () => {
    const file = files.write('change.ts', nodeSource('return BAD;', 'changing'));
    await gateway.apply(state(file));
    assert.equal(await passes(), false);
    files.write('change.ts', 'const x: = 1;');
    const { problems } = await gateway.client.request('nodes-reload', {});
    assert.match(problems.join('\n'), /change\.ts:1:\d+/);
    assert.equal(await passes(), false, 'the old one is still there');
    files.write('change.ts', nodeSource('return PASS;', 'changing'));
    await gateway.client.request('nodes-reload', {});
    assert.ok(await passes());
    assert.deepEqual(
      (await shown()).map(({ name, state: is }) => [name, is]),
      [['changing', 'on']],
    );
    await gateway.apply(state());
  });

  it('that throws is off and named, and the gateway goes on', async () => {
    const file = files.write('throws.ts', nodeSource("throw new Error('cannot do this');", 'throwing'));
    await gateway.apply(state(file));
    await ping(network, near, '-c', '2', '-i', '0.2', '-W', '1', FAR);
    const fault = await until('the fault is shown', async () => {
      const [node] = (await gateway.client.request('show-nodes', {})).nodes;
      return node?.fault ?? false;
    });
    assert.match(fault.message, /cannot do this \(line 12\)/);
    assert.match(fault.packet_hex, /^45/);
    assert.ok(await passes());
    assert.ok(gateway.log.includes('a node failed on a packet and is off'));
    const status = await gateway.client.request('status', {});
    assert.match(status.problems.join('\n'), /node throwing is off, because it failed on .*cannot do this/);
    await gateway.apply(state());
  });

  it('that holds a worker is taken out by a new start, until it is changed', async () => {
    const file = files.write('holds.ts', nodeSource(HOLDS, 'holding'));
    await gateway.apply(state(file));
    // The packet that holds the worker has no answer.
    const lost = ping(network, near, '-c', '1', '-W', '1', FAR);
    assert.equal(await gateway.end(null), 1);
    assert.equal((await lost).received, 0);
    assert.match(gateway.log, /node holding held worker \d for 2000 ms/);
    gateway.restart();
    const { problems } = await gateway.give(state(file));
    assert.match(problems.join('\n'), /holding held a worker and was taken out/);
    await until('traffic goes on', passes);
    files.write('holds.ts', nodeSource('return PASS;', 'holding'));
    await gateway.converged();
    assert.deepEqual(
      (await shown()).map(({ name, state: is }) => [name, is]),
      [['holding', 'on']],
    );
    assert.ok(await passes());
    await gateway.apply(state());
  });

  it('of the examples load together', async () => {
    await gateway.apply(state(`${EXAMPLES}block-telnet.ts`, `${EXAMPLES}mark-voice.ts`));
    assert.ok(await passes());
    assert.deepEqual(
      (await shown()).map(({ name }) => name),
      ['block-telnet', 'mark-voice'],
    );
  });
});
