// Every command of a session, as a new operator types it: by its beginning, with "?", and misspelt.
import assert from 'node:assert/strict';
import type { Command } from 'commander';
import { Candidate } from '../src/configure/candidate.js';
import { configureProgram } from '../src/configure/program.js';
import type { Environment } from '../src/environment.js';
import { buildProgram } from '../src/program.js';
import { complete } from '../src/shell/complete.js';
import { operationalProgram } from '../src/shell/operational.js';
import { follow, resolve } from '../src/shell/resolve.js';

const nobody = async (): Promise<never> => {
  throw new Error('no command runs here');
};

const environment: Environment = {
  out: () => undefined,
  err: () => undefined,
  runDir: '/nonexistent',
  captureDir: null,
  binaryOut: null,
  interruptible: nobody,
};

const operational = (): Command =>
  operationalProgram(environment, { configure: nobody, leave: () => undefined });

const TREES: Record<string, Command> = {
  'a session': operational(),
  'configure mode': configureProgram(
    environment,
    {
      candidate: new Candidate('hostname: box\n', 1),
      user: 'anna',
      restart: nobody,
      leave: () => undefined,
      read: nobody,
    },
    operational().name('run').description('a command of outside'),
  ),
};

/** Paths to all commands below one. */
function paths(command: Command, above: readonly string[] = []): string[][] {
  return command.commands.flatMap((each) => {
    const path = [...above, each.name()];
    return [path, ...paths(each, path)];
  });
}

function siblings(root: Command, path: readonly string[]): string[] {
  const { command } = follow(root, path.slice(0, -1), 'admin');
  return command.commands.flatMap((each) => [each.name(), ...each.aliases()]);
}

/** What fingers make of a word: two letters swapped, one lost, one twice, a wrong one. */
function misspellings(word: string): string[] {
  const middle = Math.min(1, word.length - 1);
  const [head, letter, tail] = [word.slice(0, middle), word[middle], word.slice(middle + 1)];
  return [
    `${head}${tail[0] ?? ''}${letter}${tail.slice(1)}`,
    `${head}${tail}`,
    `${head}${letter}${letter}${tail}`,
    `${head}ü${tail}`,
  ].filter((wrong) => wrong !== word);
}

for (const [name, root] of Object.entries(TREES)) {
  describe(`every command of ${name}`, () => {
    for (const path of paths(root)) {
      const line = path.join(' ');
      const word = path.at(-1)!;
      const before = path.slice(0, -1);

      it(`${line}: is completed, and says what may follow`, async () => {
        const others = siblings(root, path).filter((each) => each !== word);
        let length = 1;
        while (length < word.length && others.some((each) => each.startsWith(word.slice(0, length))))
          length++;
        const { candidates } = await complete(root, [...before, word.slice(0, length)].join(' '), 'admin');
        const found = candidates.find((candidate) => candidate.word === word);
        assert.ok(found, `${line} is not among ${candidates.map((each) => each.word).join(', ')}`);
        assert.ok(found.help.length > 3, `${line} has no help`);
        if (length < word.length) assert.equal(candidates.length, 1);
        const next = await complete(root, `${line} `, 'admin');
        assert.ok(
          next.whole || next.candidates.length > 0,
          `nothing may follow ${line}, and it is not whole`,
        );
        for (const { word: choice, help } of next.candidates) {
          if (!choice.startsWith('<')) continue;
          assert.ok(help.length > 3, `${choice} of ${line} has no help`);
        }
      });

      it(`${line}: misspelt, it says what was meant`, () => {
        const known = siblings(root, path);
        let asked = 0;
        for (const wrong of misspellings(word)) {
          // The beginning of a command is no mistake.
          if (known.some((each) => each.startsWith(wrong))) continue;
          asked++;
          assert.throws(
            () => resolve(root, [...before, wrong], 'admin'),
            (error: Error) => {
              assert.match(error.message, new RegExp(`^there is no "${wrong}"`));
              const meant = /perhaps "([^"]+)"/.exec(error.message)?.[1];
              if (word.length > 2) assert.ok(meant !== undefined && known.includes(meant), error.message);
              assert.ok(error.message.includes(word), error.message);
              return true;
            },
          );
        }
        assert.ok(asked > 0, `nothing of ${misspellings(word).join(', ')} is wrong`);
      });
    }
  });
}

describe('the local command', () => {
  /** What it says to the words of a line that it refuses. */
  function refusal(words: readonly string[]): string {
    let said = '';
    const program = buildProgram(environment);
    const tame = (command: Command): void => {
      command.exitOverride().configureOutput({ writeErr: (text) => (said += text) });
      command.commands.forEach(tame);
    };
    tame(program);
    assert.throws(() => program.parse(words, { from: 'user' }));
    return said;
  }

  for (const path of paths(buildProgram(environment)))
    it(`${path.join(' ')}: misspelt, it says what was meant`, () => {
      const word = path.at(-1)!;
      const known = siblings(buildProgram(environment), path);
      const wrong = misspellings(word).filter((each) => !known.includes(each));
      const told = wrong.filter((each) => refusal([...path.slice(0, -1), each]).includes('Did you mean'));
      assert.ok(told.length > 0, `none of ${wrong.join(', ')}`);
    });
});
