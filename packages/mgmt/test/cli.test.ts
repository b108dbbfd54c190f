import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sluice, sluiceIn } from './sluice.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const EXAMPLES = join(ROOT, 'examples/nodes');

/** Runs the type checker over a directory that has a tsconfig.json. */
async function typesHold(directory: string): Promise<void> {
  const checker = join(ROOT, 'node_modules/.bin/tsc');
  const { stdout } = await promisify(execFile)(checker, ['-p', directory]).catch(
    (error: { stdout: string }) => error,
  );
  assert.equal(stdout, '');
}

describe('sluice without a gateway', function () {
  // Each test starts several Node.js processes.
  this.timeout(120_000);
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('says what to do when no gateway runs, at once', async () => {
    const expected = `sluice: no gateway is running in ${dir}: start one with "sluice up", or name its directory with --run-dir\n`;
    for (const args of [
      ['show', 'sa'],
      ['show', 'ike', '--json'],
      ['reload'],
      ['trace'],
      ['initiate', 'hq'],
      ['terminate', 'hq'],
    ]) {
      assert.deepEqual(await sluice(...args, '--run-dir', dir), { code: 1, stdout: '', stderr: expected });
    }
  });

  it('suggests the command, subject or option that was meant', async () => {
    const slips: [string[], RegExp][] = [
      [['shwo', 'sa'], /unknown command 'shwo'\n\(Did you mean show\?\)/],
      [['show', 'interface'], /unknown command 'interface'\n\(Did you mean interfaces\?\)/],
      [['config', 'valid'], /unknown command 'valid'\n\(Did you mean validate\?\)/],
      [['lab', 'lst'], /unknown command 'lst'\n\(Did you mean list\?\)/],
      [['show', 'sa', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    ];
    for (const [args, expected] of slips) {
      const { code, stderr } = await sluice(...args);
      assert.equal(code, 1);
      assert.match(stderr, expected);
    }
  });

  it('refuses a trace filter that means nothing', async () => {
    assert.match(
      (await sluice('trace', '--protocol', 'icpm', '--run-dir', dir)).stderr,
      /number to 255, or one of icmp/,
    );
    assert.match((await sluice('trace', '--count', '0', '--run-dir', dir)).stderr, /whole number from 1/);
  });

  describe('node', () => {
    it('writes a node that checks out, with types that hold', async () => {
      const made = await sluiceIn(dir, 'node', 'new', 'my-first');
      assert.equal(made.code, 0, made.stderr);
      assert.match(made.stdout, /nodes:\n {4}- \{ file: .*my-first\.ts, interfaces: \[lan\] \}/);
      const checked = await sluiceIn(dir, 'node', 'check', 'my-first.ts');
      assert.deepEqual(
        [checked.stdout, checked.stderr],
        ['my-first is a node of ip4-unicast; it counts dropped (drop), seen\n', ''],
      );
      await typesHold(dir);
      assert.match((await sluiceIn(dir, 'node', 'new', 'my-first')).stderr, /is there already/);
      assert.match((await sluiceIn(dir, 'node', 'new', 'My_First')).stderr, /lower-case words/);
    });

    it('says where a file is wrong', async () => {
      writeFileSync(join(dir, 'bad.ts'), 'const x = 1;\nenum E { A }\n');
      const { code, stderr } = await sluiceIn(dir, 'node', 'check', 'bad.ts');
      assert.equal(code, 1);
      assert.match(stderr, /bad\.ts:2:\d+: .*enum is not supported/);
    });

    it('has examples whose types hold', () => typesHold(EXAMPLES));
  });

  describe('config', () => {
    it('accepts a valid file, and says what is in it', async () => {
      const file = join(dir, 'a.yaml');
      writeFileSync(file, 'schema: 1\nhostname: branch\ninterfaces:\n  - { name: wan, device: eth0 }\n');
      assert.deepEqual(await sluice('config', 'validate', file), {
        code: 0,
        stdout: `${file} is valid: branch, 1 interface, 0 tunnels, 0 routes, 0 IKE connections\n`,
        stderr: '',
      });
    });

    it('names every problem with its place, as text and as JSON', async () => {
      const file = join(dir, 'a.yaml');
      writeFileSync(
        file,
        'schema: 1\nhostnme: branch\ninterfaces:\n  - { name: wan, device: eth0, mtu: 12 }\n',
      );
      const { code, stdout, stderr } = await sluice('config', 'validate', file);
      assert.deepEqual([code, stdout], [1, '']);
      assert.equal(
        stderr,
        `${file}:2:1: hostnme: there is no key "hostnme" here: did you mean "hostname"?\n` +
          `${file}:4:37: interfaces[0].mtu: at least 68 (RFC 791)\n`,
      );
      const json = await sluice('config', 'validate', file, '--json');
      assert.equal(json.code, 1);
      const { valid, problems } = JSON.parse(json.stdout);
      assert.equal(valid, false);
      assert.deepEqual(problems[1], {
        path: 'interfaces[0].mtu',
        line: 4,
        column: 37,
        message: 'at least 68 (RFC 791)',
      });
    });

    it('prints the JSON Schema', async () => {
      const { code, stdout } = await sluice('config', 'schema');
      assert.equal(code, 0);
      assert.equal(JSON.parse(stdout).properties.schema.const, 1);
    });
  });

  describe('up', () => {
    it('starts nothing with a configuration that is not valid', async () => {
      const file = join(dir, 'a.yaml');
      const runDir = join(dir, 'run');
      writeFileSync(file, 'schema: 1\ninterfaces:\n  - { name: wan }\n');
      const { code, stdout, stderr } = await sluice('up', '-c', file, '--run-dir', runDir);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, /^sluice: the configuration is not valid, and nothing was started:\n/);
      assert.match(stderr, /a\.yaml:3:5: interfaces\[0\]\.device: is missing: add "device:"/);
      assert.equal(existsSync(runDir), false);
    });

    it('says which option is missing', async () => {
      assert.match((await sluice('up')).stderr, /required option '-c, --config <file>'/);
    });
  });

  describe('lab', () => {
    it('says that there is no such lab', async () => {
      const { code, stderr } = await sluice('lab', 'exec', 'nosuchlab', 'host', '--', 'true');
      assert.equal(code, 1);
      assert.match(stderr, /^sluice: there is no lab "nosuchlab"/);
    });

    it('lists labs as JSON', async () => {
      const { code, stdout } = await sluice('lab', 'list', '--json');
      assert.equal(code, 0);
      assert.ok(Array.isArray(JSON.parse(stdout)));
    });
  });
});
