// Commits: into the file and into force, kept as revisions, and back by themselves when nobody confirms them.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@sluice/shared';
import { Agent, REVISIONS_KEPT } from '../src/index.js';
import { EXAMPLE, exampleWith } from './example.js';
import { silent } from './fake-process.js';

const CHANGED = exampleWith('mtu: 1500', 'mtu: 1400 # for the old switch');
const OTHER = exampleWith('mtu: 1500', 'mtu: 1300');

describe('a commit', () => {
  let dir: string;
  let configFile: string;
  let agent: Agent;

  const start = async (): Promise<void> => {
    agent = await Agent.start({
      configFile,
      runDir: join(dir, 'run'),
      stateDir: join(dir, 'state'),
      log: silent,
    });
  };
  const restart = async (): Promise<void> => {
    await agent.close();
    await start();
  };
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-commit-'));
    configFile = join(dir, 'config.yaml');
    writeFileSync(configFile, EXAMPLE);
    await start();
  });
  afterEach(async () => {
    await agent.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const commit = (
    text: string,
    { confirm_s = null, base }: { confirm_s?: number | null; base?: number } = {},
  ) =>
    agent.commit({
      text,
      by: 'anna',
      comment: 'smaller',
      base_revision: base ?? agent.status().revision,
      confirm_s,
    });
  const inFile = (): string => readFileSync(configFile, 'utf8');
  /** Lets the time of what waits be over: what is on disk is what a restarted agent goes by. */
  const letTimePass = async (): Promise<void> => {
    await agent.close();
    const file = join(dir, 'state', 'unconfirmed.json');
    writeFileSync(
      file,
      JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), deadline_ms: Date.now() - 1 }),
    );
    await start();
  };

  it('is in the file as it was written, and in force', async () => {
    const { revision, changes, problems } = await commit(CHANGED);
    assert.deepEqual([revision, problems], [2, []]);
    assert.deepEqual(
      changes.map(({ path, after }) => [path, after]),
      [['interfaces[lan].mtu', '1400']],
    );
    assert.equal(inFile(), CHANGED);
    assert.equal(agent.status().revision, 2);
    await restart();
    assert.equal(agent.status().revision, 2);
  });

  it('that is not valid changes nothing, and says where', async () => {
    const { revision, problems } = await commit(exampleWith('mtu: 1500', 'mtu: 15'));
    assert.equal(revision, 1);
    assert.deepEqual(
      problems.map(({ path, line }) => [path, line]),
      [['interfaces[1].mtu', 11]],
    );
    assert.equal(inFile(), EXAMPLE);
  });

  it('made from a revision that is not in force any more is refused', async () => {
    await commit(CHANGED);
    const { problems } = await commit(OTHER, { base: 1 });
    assert.match(problems[0]?.message ?? '', /is at revision 2, and this was made from revision 1/);
    assert.equal(inFile(), CHANGED);
  });

  it('can be looked at before', () => {
    assert.deepEqual(
      agent.check(CHANGED).changes.map(({ before, after }) => [before, after]),
      [['1500', '1400']],
    );
    assert.equal(agent.check('schema: 2').problems.length > 0, true);
    assert.equal(agent.status().revision, 1);
  });

  it('keeps the mode of the file, and a link a link', async () => {
    const real = join(dir, 'real.yaml');
    writeFileSync(real, EXAMPLE);
    chmodSync(real, 0o640);
    rmSync(configFile);
    symlinkSync(real, configFile);
    await commit(CHANGED);
    assert.equal(readFileSync(real, 'utf8'), CHANGED);
    assert.equal(statSync(real).mode & 0o777, 0o640);
  });

  it('waits to be confirmed, and stays when it is', async () => {
    await commit(CHANGED, { confirm_s: 60 });
    assert.equal(agent.status().unconfirmed?.revision, 2);
    assert.deepEqual(await agent.confirm(), { revision: 2 });
    assert.equal(agent.status().unconfirmed, null);
    await restart();
    assert.deepEqual([inFile(), agent.status().revision], [CHANGED, 2]);
    assert.deepEqual(await agent.confirm(), { revision: null });
  });

  it('goes back when nobody confirms it, also in an agent that was started again meanwhile', async () => {
    await commit(CHANGED, { confirm_s: 60 });
    await restart();
    assert.equal(agent.status().unconfirmed?.revision, 2);
    await letTimePass();
    await until('the agent to go back', () => agent.status().revision === 3);
    await until('nothing to wait any more', () => agent.status().unconfirmed === null);
    assert.equal(inFile(), EXAMPLE);
    const [last] = await history();
    assert.equal(last?.by, 'sluice');
    assert.match(last?.comment ?? '', /revision 2 was not confirmed in time: back to revision 1/);
  });

  it('after one that waits goes back together with it, or confirms it', async () => {
    await commit(CHANGED, { confirm_s: 60 });
    await commit(OTHER, { confirm_s: 60 });
    await letTimePass();
    await until('both to be gone', () => agent.status().unconfirmed === null);
    assert.equal(inFile(), EXAMPLE);

    await commit(CHANGED, { confirm_s: 60 });
    await commit(OTHER);
    assert.equal(agent.status().unconfirmed, null);
    assert.equal(inFile(), OTHER);
  });

  it('mends a file that is broken, from what is in force', async () => {
    writeFileSync(configFile, 'schema: [');
    await restart();
    assert.equal(agent.status().revision, 1);
    assert.deepEqual((await commit(CHANGED)).problems, []);
    assert.equal(inFile(), CHANGED);
  });

  it('that waits is settled by whoever changes the file on the box', async () => {
    await commit(CHANGED, { confirm_s: 60 });
    writeFileSync(configFile, OTHER);
    await agent.reload();
    assert.equal(agent.status().unconfirmed, null);
  });

  it('is kept with who made it and why, and its text can be had again', async () => {
    await commit(CHANGED);
    await commit(OTHER);
    assert.deepEqual(
      (await history()).map(({ revision, by, comment }) => [revision, by, comment]),
      [
        [3, 'anna', 'smaller'],
        [2, 'anna', 'smaller'],
        [1, 'file', null],
      ],
    );
    assert.equal(await agent.revisionText(2), CHANGED);
    assert.equal(await agent.revisionText(9), null);
  });

  it('is forgotten when there are many later ones', async () => {
    for (let mtu = 1000; mtu < 1000 + REVISIONS_KEPT; mtu++)
      await commit(exampleWith('mtu: 1500', `mtu: ${mtu}`));
    const kept = await history();
    assert.equal(kept.length, REVISIONS_KEPT);
    assert.equal(kept.at(-1)?.revision, 2);
    assert.equal(await agent.revisionText(1), null);
  });

  const history = () => agent.history();
});
