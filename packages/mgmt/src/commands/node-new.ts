// sluice node new: a node to begin with, and a tsconfig.json by which an editor knows its types.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { CliError } from '../cli-error.js';

export function nodeNewCommand(): Command {
  return new Command('new')
    .description('write a node to begin with, into the current directory')
    .argument('<name>', 'lower-case words joined by "-"')
    .action(async (name: string) => {
      if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
        throw new CliError(`a node's name is lower-case words joined by "-", such as block-telnet: ${name}`);
      }
      const file = resolve(`${name}.ts`);
      await create(file, template(name));
      const settings = resolve('tsconfig.json');
      const made = await create(settings, tsconfig(), true);
      process.stdout.write(
        `${file}: check it with "sluice node check ${name}.ts", then add to the configuration\n` +
          `  nodes:\n    - { file: ${file}, interfaces: [lan] }\nand run "sluice reload".\n` +
          (made ? `${settings} tells editors its types.\n` : ''),
      );
    });
}

/** Writes a file that is not there; false when it is and that is `fine`. */
async function create(file: string, text: string, fine = false): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (fine) return false;
    throw new CliError(`${file} is there already: choose another name`);
  }
}

function template(name: string): string {
  return `// ${name}: say here what it is for.
import { defineUserNode, PASS, type Packet } from '@sluice/node';

/** Indices of \`counters\`. */
const DROPPED = 0;
const SEEN = 1;

export default defineUserNode({
  name: '${name}',
  arc: 'ip4-unicast',
  counters: [
    { name: 'dropped', severity: 'info', drop: true, help: 'say here what was wrong with them' },
    { name: 'seen', severity: 'info', help: 'packets that were looked at' },
  ],

  packet(packet: Packet): number {
    packet.count(SEEN);
    return packet.ttl === 0 ? DROPPED : PASS;
  },
});
`;
}

function tsconfig(): string {
  const api = fileURLToPath(import.meta.resolve('@sluice/dataplane/node')).replace(/\.js$/, '.d.ts');
  const options = {
    target: 'ES2022',
    module: 'ESNext',
    moduleResolution: 'Bundler',
    strict: true,
    noEmit: true,
    erasableSyntaxOnly: true,
    paths: { '@sluice/node': [api] },
  };
  return `${JSON.stringify({ compilerOptions: options, include: ['*.ts'] }, null, 2)}\n`;
}
