// Two network namespaces, `near` and `far`, joined by veth pairs; and programs run inside of them.
//
// The code under test runs in a child process, because a process enters a namespace as a whole.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Runs `ip` and returns what it prints. */
export function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export interface Running {
  readonly process: ChildProcess;
  /** Resolves when the program has printed a line with this text. */
  said(text: string): Promise<void>;
  /** Resolves with its output when it exits with 0, and rejects with what it said otherwise. */
  done(): Promise<string>;
}

export class Namespaces {
  readonly near: string;
  readonly far: string;
  readonly #children = new Set<ChildProcess>();

  /** Each pair is `<name>` in near and `<name>-far` in far, both up. */
  constructor(...pairs: string[]) {
    const unique = `sluice-native-${process.pid}-${randomBytes(3).toString('hex')}`;
    this.near = `${unique}-near`;
    this.far = `${unique}-far`;
    try {
      for (const namespace of [this.near, this.far]) {
        ip('netns', 'add', namespace);
        // Without IPv6 nothing but the tests' own packets is on the wire.
        ip('netns', 'exec', namespace, 'sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1');
        ip('-n', namespace, 'link', 'set', 'lo', 'up');
      }
      for (const pair of pairs) {
        ip(
          '-n',
          this.near,
          'link',
          'add',
          pair,
          'type',
          'veth',
          'peer',
          'name',
          `${pair}-far`,
          'netns',
          this.far,
        );
        ip('-n', this.near, 'link', 'set', pair, 'up');
        ip('-n', this.far, 'link', 'set', `${pair}-far`, 'up');
      }
    } catch (error) {
      this.#remove();
      throw error;
    }
  }

  /** A scenario of test/native/scenarios, in near. It asserts what it has to, and exits with 0. */
  scenario(name: string, ...args: string[]): Running {
    const file = fileURLToPath(new URL(`../scenarios/${name}.js`, import.meta.url));
    return this.run(this.near, process.execPath, '--enable-source-maps', file, this.far, ...args);
  }

  run(namespace: string, ...command: string[]): Running {
    return start(this.#children, 'ip', ['netns', 'exec', namespace, ...command]);
  }

  async close(): Promise<void> {
    for (const child of this.#children) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    this.#remove();
  }

  #remove(): void {
    for (const namespace of [this.near, this.far]) {
      if (ip('netns', 'list').split(/\s/).includes(namespace)) ip('netns', 'del', namespace);
    }
  }
}

/** Starts a program in the namespace of this process's own peer: for scenarios, which know its name only. */
export function runIn(namespace: string, ...command: string[]): Running {
  return start(new Set(), 'ip', ['netns', 'exec', namespace, ...command]);
}

function start(children: Set<ChildProcess>, file: string, args: string[]): Running {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let out = '';
  let errors = '';
  const closed = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      children.delete(child);
      resolve(code);
    });
  });
  const changed: (() => void)[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (const notify of changed.splice(0)) notify();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return {
    process: child,
    async said(text) {
      let ended = false;
      void closed.then(() => {
        ended = true;
      });
      while (!out.includes(text)) {
        assert.ok(!ended, `ended without saying "${text}": ${out}${errors}`);
        await Promise.race([new Promise<void>((resolve) => changed.push(resolve)), closed]);
      }
    },
    async done() {
      const code = await closed;
      assert.equal(code, 0, `${args.slice(3).join(' ').slice(0, 200)} exited with ${code}: ${out}${errors}`);
      return out;
    },
  };
}
