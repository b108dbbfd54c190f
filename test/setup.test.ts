// The set-up that runs before anything is installed: plain modules, which know nothing of this package.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { until } from '@sluice/shared';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

interface Machine {
  platform: string;
  arch: string;
  node: string;
  uid: number;
  hasApt: boolean;
}
interface Ending {
  code: number | null;
  signal: string | null;
  stopped: string | null;
}
interface Results {
  passed: number;
  failures: { title: string; message: string }[];
  ended: boolean;
}
interface Setup {
  checkMachine(machine: Machine): void;
  compareVersions(a: string, b: string): number;
  digestOf(base: string, paths: string[], also?: string[]): string;
  parsePackageList(text: string): string[];
  removeOrphans(compiled: string, source: string): void;
  judge(path: string, results: Results | null, ending: Ending): Omit<Results, 'ended'>;
  markedProcesses(mark: string): { pid: number; command: string }[];
}

async function load(): Promise<Setup> {
  const names = ['machine', 'stamp', 'debian', 'build', 'suite', 'leftovers'];
  const modules = await Promise.all(
    names.map((name) => import(pathToFileURL(`${ROOT}/setup/${name}.mjs`).href)),
  );
  return Object.assign({}, ...modules) as Setup;
}

describe('set-up', () => {
  let setup: Setup;
  let dir: string;
  const children: ChildProcess[] = [];

  before(async () => {
    setup = await load();
  });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-setup-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(dir, { recursive: true, force: true });
  });

  function start(args: string[], env: Record<string, string> = {}): ChildProcess {
    const options = {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'] as ('ignore' | 'pipe' | 'inherit')[],
    };
    const child = spawn(process.execPath, args, options);
    children.push(child);
    return child;
  }

  describe('the machine', () => {
    const fit: Machine = { platform: 'linux', arch: 'x64', node: '22.0.0', uid: 0, hasApt: true };

    it('is accepted when it fits', () => {
      setup.checkMachine(fit);
      setup.checkMachine({ ...fit, node: '20.19.0' });
    });

    const shortfalls: [Partial<Machine>, RegExp][] = [
      [{ platform: 'darwin' }, /runs on Linux on x86-64, and this is darwin on x64: use/],
      [{ arch: 'arm64' }, /this is linux on arm64: use/],
      [{ node: '20.18.3' }, /Node\.js 20\.18\.3 is too old: install version 20\.19 or later/],
      [{ uid: 1000 }, /needs root.*run it again as root/],
      [{ hasApt: false }, /has no apt: use Debian 12/],
    ];
    for (const [shortfall, sentence] of shortfalls) {
      it(`is refused in one sentence with ${JSON.stringify(shortfall)}`, () => {
        assert.throws(
          () => setup.checkMachine({ ...fit, ...shortfall }),
          (error: Error) => sentence.test(error.message) && !error.message.includes('\n'),
        );
      });
    }

    it('compares versions by number, not by letter', () => {
      assert.ok(setup.compareVersions('20.9.0', '20.19') < 0);
      assert.ok(setup.compareVersions('24.0.0', '20.19') > 0);
      assert.equal(setup.compareVersions('20.19.0', '20.19'), 0);
    });
  });

  it('reads package lists, and lists each package once', () => {
    assert.deepEqual(setup.parsePackageList('# heading\n\na  # why\nb\n'), ['a', 'b']);
    const listed = setup.parsePackageList(readFileSync(`${ROOT}/setup/debian-packages.txt`, 'utf8'));
    assert.equal(new Set(listed).size, listed.length);
    assert.ok(listed.includes('charon-systemd'));
  });

  it('sees any change of a source, and none of what is built from it', () => {
    mkdirSync(join(dir, 'src/dist'), { recursive: true });
    writeFileSync(join(dir, 'src/a.ts'), '1');
    const first = setup.digestOf(dir, ['src', 'absent.json']);
    writeFileSync(join(dir, 'src/dist/a.js'), '1');
    assert.equal(setup.digestOf(dir, ['src', 'absent.json']), first);
    const seen = new Set([first]);
    const changes = [
      () => writeFileSync(join(dir, 'src/a.ts'), '2'),
      () => writeFileSync(join(dir, 'src/b.ts'), ''),
      () => writeFileSync(join(dir, 'absent.json'), ''),
      () => rmSync(join(dir, 'src/a.ts')),
    ];
    for (const change of changes) {
      change();
      seen.add(setup.digestOf(dir, ['src', 'absent.json']));
    }
    seen.add(setup.digestOf(dir, ['src', 'absent.json'], ['abi 115']));
    assert.equal(seen.size, 6);
  });

  it('removes what was compiled from a source that is gone, and nothing else', () => {
    mkdirSync(join(dir, 'dist/test'), { recursive: true });
    mkdirSync(join(dir, 'test'));
    writeFileSync(join(dir, 'test/kept.test.ts'), '');
    const kept = ['kept.test.js', 'kept.test.d.ts', 'kept.test.js.map', 'data.json'];
    for (const name of [...kept, 'gone.test.js', 'gone.test.d.ts.map'])
      writeFileSync(join(dir, 'dist/test', name), '');
    setup.removeOrphans(join(dir, 'dist'), dir);
    for (const name of kept) assert.ok(existsSync(join(dir, 'dist/test', name)), name);
    for (const name of ['gone.test.js', 'gone.test.d.ts.map'])
      assert.ok(!existsSync(join(dir, 'dist/test', name)), name);
  });

  describe('the lock', () => {
    /** A program that takes the lock, notes "in", lets others run (or stays for good), and notes "out". */
    function holder(stays = false): ChildProcess {
      const lock = pathToFileURL(`${ROOT}/setup/lock.mjs`).href;
      const program = `
        import { appendFileSync } from 'node:fs';
        import { setImmediate } from 'node:timers/promises';
        import { withLock } from '${lock}';
        await withLock('${dir}/lock', async () => {
          appendFileSync('${dir}/notes', 'in ' + process.pid + '\\n');
          await ${stays ? 'new Promise(() => setInterval(() => {}, 1000))' : 'setImmediate()'};
          appendFileSync('${dir}/notes', 'out ' + process.pid + '\\n');
        });`;
      return start(['--input-type=module', '-e', program]);
    }
    const notes = (): string[] =>
      existsSync(`${dir}/notes`) ? readFileSync(`${dir}/notes`, 'utf8').trim().split('\n') : [];

    it('lets one set-up in at a time', async () => {
      const holders = Array.from({ length: 4 }, () => holder());
      await Promise.all(holders.map((child) => once(child, 'exit')));
      const lines = notes();
      assert.equal(lines.length, 8);
      for (let i = 0; i < lines.length; i += 2) assert.equal(lines[i]?.replace('in', 'out'), lines[i + 1]);
    });

    it('is free again when its holder is killed', async () => {
      const killed = holder(true);
      await until('the first to have the lock', () => notes().length === 1);
      const waiting = holder();
      killed.kill('SIGKILL');
      const [code] = await once(waiting, 'exit');
      assert.equal(code, 0);
      assert.deepEqual(
        notes().map((line) => line.split(' ')[0]),
        ['in', 'in', 'out'],
      );
    });
  });

  describe('a test run', () => {
    const ended: Ending = { code: 0, signal: null, stopped: null };
    const failure = { title: 'a b', message: 'no' };

    it('is judged by its figures and by its end', () => {
      const messages = (results: Results | null, ending: Ending): string[] =>
        setup.judge('p', results, ending).failures.map(({ message }) => message);
      assert.deepEqual(messages({ passed: 3, failures: [], ended: true }, ended), []);
      assert.deepEqual(messages({ passed: 3, failures: [failure], ended: true }, { ...ended, code: 1 }), [
        'no',
      ]);
      assert.match(messages({ passed: 0, failures: [], ended: true }, ended)[0] ?? '', /no test ran/);
      assert.match(
        messages({ passed: 3, failures: [], ended: false }, ended)[0] ?? '',
        /ended early, with exit code 0/,
      );
      assert.match(
        messages(null, { ...ended, code: null, signal: 'SIGSEGV' })[0] ?? '',
        /ended early, by SIGSEGV/,
      );
      assert.match(
        messages({ passed: 3, failures: [], ended: true }, { ...ended, code: 7 })[0] ?? '',
        /after its tests/,
      );
      assert.deepEqual(messages({ passed: 3, failures: [], ended: true }, { ...ended, stopped: 'hung' }), [
        'hung',
      ]);
    });

    /** Runs mocha with the reporter on a test file of this text. */
    async function figuresOf(text: string): Promise<Results> {
      writeFileSync(join(dir, 'a.test.mjs'), text);
      const reporter = [
        '--reporter',
        `${ROOT}/setup/mocha-reporter.cjs`,
        '--reporter-option',
        `file=${dir}/results`,
      ];
      const args = [
        `${ROOT}/node_modules/mocha/bin/mocha.js`,
        '--no-config',
        ...reporter,
        `${dir}/a.test.mjs`,
      ];
      await new Promise((resolve) => execFile(process.execPath, args, { cwd: dir }, resolve));
      return JSON.parse(readFileSync(join(dir, 'results'), 'utf8')) as Results;
    }

    it('has its figures, failed hooks among them', async () => {
      const figures = await figuresOf(`
        it('passes', () => {});
        describe('x', () => { before(() => { throw new Error('first line\\nsecond'); }); it('never runs', () => {}); });`);
      assert.equal(figures.passed, 1);
      assert.deepEqual(figures.failures, [
        { title: 'x "before all" hook for "never runs"', message: 'first line' },
      ]);
      assert.equal(figures.ended, true);
    });

    it('has not ended when a test ends the process, even with exit code 0', async () => {
      const { ended } = await figuresOf(`it('passes', () => {}); it('leaves', () => process.exit(0));`);
      assert.equal(ended, false);
    });

    it('says so in its last line when it cannot even begin', async () => {
      const child = start([`${ROOT}/setup/test.mjs`, 'no-such-package']);
      let output = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      // What it says of the reason belongs on stderr, which this test lets through.
      const [code] = await once(child, 'close');
      assert.equal(code, 1);
      assert.equal(output.trim().split('\n').at(-1), '0 passed, 1 failed');
    });
  });

  it('finds the processes that a run has left, and no others', async () => {
    const mark = `test-${process.pid}-${Date.now()}`;
    start(['-e', 'setInterval(() => {}, 1000)']);
    const left = start(['-e', 'setInterval(() => {}, 1000)'], { SLUICE_TEST_RUN: mark });
    await until('the process to be found', () => setup.markedProcesses(mark).length > 0);
    assert.deepEqual(
      setup.markedProcesses(mark).map(({ pid }) => pid),
      [left.pid],
    );
    left.kill('SIGKILL');
    await once(left, 'exit');
    assert.deepEqual(setup.markedProcesses(mark), []);
  });
});
