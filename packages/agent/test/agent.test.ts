import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@sluice/shared';
import { Agent } from '../src/index.js';
import { EXAMPLE, exampleWith } from './example.js';
import { fakeDataplane, fakeDhcpd, fakeIkeBridge, silent } from './fake-process.js';

describe('the agent', () => {
  let dir: string;
  let runDir: string;
  let configFile: string;
  const closing: (() => Promise<void>)[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-agent-'));
    runDir = join(dir, 'run');
    configFile = join(dir, 'config.yaml');
    writeFileSync(configFile, EXAMPLE);
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function startAgent(): Promise<Agent> {
    const agent = await Agent.start({
      configFile,
      runDir,
      stateDir: join(dir, 'state'),
      log: silent,
      retry: { firstMs: 10, maxMs: 50 },
    });
    closing.push(() => agent.close());
    return agent;
  }
  async function startDataplane() {
    const dataplane = await fakeDataplane(runDir);
    closing.push(() => dataplane.stop());
    return dataplane;
  }
  async function startBridge() {
    const bridge = await fakeIkeBridge(runDir);
    closing.push(() => bridge.stop());
    return bridge;
  }
  /** Waits for something that the agent's status explains when it does not come. */
  const comes = (agent: Agent, what: string, condition: () => boolean): Promise<true> =>
    until(() => `${what}, in ${JSON.stringify(agent.status())}`, condition);
  const converged = (agent: Agent): Promise<true> =>
    comes(agent, 'both processes to have their part', () => agent.status().converged);

  beforeEach(async () => {
    const dhcpd = await fakeDhcpd(runDir);
    closing.push(() => dhcpd.stop());
  });

  it('tells each process its part, and says when both have it', async () => {
    const agent = await startAgent();
    assert.equal(agent.status().converged, false);
    assert.deepEqual(
      agent
        .status()
        .processes.slice(0, 2)
        .map(({ process, reachable }) => [process, reachable]),
      [
        ['dataplane', false],
        ['ike-bridge', false],
      ],
    );

    const [dataplane, bridge] = [await startDataplane(), await startBridge()];
    await converged(agent);
    assert.equal(dataplane.told.at(-1)?.interfaces[1]?.name, 'lan');
    assert.equal(bridge.told.at(-1)?.connections[0]?.name, 'hq');
    const { revision, hostname } = agent.status();
    assert.deepEqual([revision, hostname], [1, 'branch']);
  });

  it('tells a process once, whatever else happens', async () => {
    const [dataplane, bridge] = [await startDataplane(), await startBridge()];
    const agent = await startAgent();
    await converged(agent);
    await agent.reload();
    await converged(agent);
    assert.deepEqual([dataplane.told.length, bridge.told.length], [1, 1]);
  });

  it('tells a process that comes back again, and the other one not', async () => {
    const bridge = await startBridge();
    const first = await fakeDataplane(runDir);
    const agent = await startAgent();
    await converged(agent);

    await first.stop();
    const second = await startDataplane();
    await comes(agent, 'the second one to be told', () => second.told.length > 0);
    await converged(agent);
    assert.deepEqual(second.told.at(-1), first.told.at(-1));
    assert.equal(bridge.told.length, 1);
  });

  it('says that a process is gone', async () => {
    await startBridge();
    const dataplane = await fakeDataplane(runDir);
    const agent = await startAgent();
    await converged(agent);
    await dataplane.stop();
    await comes(agent, 'the loss to be seen', () => !agent.status().converged);
    const [report] = agent.status().processes;
    assert.deepEqual([report?.reachable, report?.problems], [false, ['dataplane does not answer']]);
  });

  it('tries again while a process refuses, and shows why it is not converged', async () => {
    await startBridge();
    const dataplane = await startDataplane();
    dataplane.refusal = 'no frames are left: ask for fewer workers';
    const agent = await startAgent();
    const problems = () => agent.status().processes[0]?.problems ?? [];
    await comes(agent, 'the refusal', () => problems().some((text) => text.includes('no frames are left')));
    assert.equal(agent.status().converged, false);
    dataplane.refusal = null;
    await converged(agent);
    assert.deepEqual(problems(), []);
  });

  it('applies what changed in the file under the next revision', async () => {
    const [dataplane, bridge] = [await startDataplane(), await startBridge()];
    const agent = await startAgent();
    await converged(agent);
    writeFileSync(configFile, exampleWith('mtu: 1500', 'mtu: 1400'));
    const { revision, changes, problems } = await agent.reload();
    assert.deepEqual([revision, problems, changes.map(({ path }) => path)], [2, [], ['interfaces[lan].mtu']]);
    await converged(agent);
    assert.equal(dataplane.told.at(-1)?.interfaces[1]?.mtu, 1400);
    assert.deepEqual([dataplane.told.at(-1)?.revision, bridge.told.at(-1)?.revision], [2, 2]);
  });

  it('changes nothing when the file is not valid, and says what is wrong with it', async () => {
    const [dataplane] = [await startDataplane(), await startBridge()];
    const agent = await startAgent();
    await converged(agent);
    writeFileSync(configFile, exampleWith('mtu: 1500', 'mtu: 1'));
    const { revision, changes, problems } = await agent.reload();
    assert.deepEqual([revision, changes], [1, []]);
    assert.deepEqual(
      problems.map(({ path, line }) => [path, line]),
      [['interfaces[1].mtu', 11]],
    );
    assert.deepEqual(
      [agent.status().revision, agent.status().converged, dataplane.told.length],
      [1, true, 1],
    );
  });

  it('keeps counting revisions after a restart, and the same one for the same content', async () => {
    const first = await startAgent();
    writeFileSync(configFile, exampleWith('mtu: 1500', 'mtu: 1400'));
    assert.equal((await first.reload()).revision, 2);
    await first.close();

    // The same content, written otherwise.
    writeFileSync(configFile, `# a comment\n${exampleWith('mtu: 1500', 'mtu:   1400')}`);
    const second = await startAgent();
    assert.equal(second.status().revision, 2);
    writeFileSync(configFile, EXAMPLE);
    assert.equal((await second.reload()).revision, 3);
  });

  it('goes on with the last valid configuration when it is restarted with a broken file', async () => {
    const first = await startAgent();
    await first.close();
    writeFileSync(configFile, 'schema: [');
    const [dataplane] = [await startDataplane(), await startBridge()];
    const second = await startAgent();
    await converged(second);
    assert.equal(dataplane.told.at(-1)?.interfaces.length, 2);
    assert.equal(second.status().revision, 1);
  });

  it('keeps its state from other users', async () => {
    await startAgent();
    assert.equal(statSync(join(dir, 'state')).mode & 0o777, 0o700);
    assert.equal(statSync(join(dir, 'state', 'config.json')).mode & 0o777, 0o600);
  });
});
