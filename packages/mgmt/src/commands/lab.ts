// sluice lab: the networks of namespaces that the demo and the tests make.
import { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { figure, renderTable, text } from '../output/table.js';
import { duration } from '../output/units.js';

/** Loaded when a lab command runs: no other command needs the package. */
async function commands() {
  const { LabError, labCommands } = await import('@sluice/lab');
  return { LabError, labCommands };
}

/** Runs a lab function; its errors are sentences for the terminal. */
async function withLab<T>(
  body: (lab: Awaited<ReturnType<typeof commands>>['labCommands']) => T | Promise<T>,
): Promise<T> {
  const { LabError, labCommands } = await commands();
  try {
    return await body(labCommands);
  } catch (error) {
    if (error instanceof LabError) throw new CliError(error.message);
    throw error;
  }
}

function listCommand(): Command {
  return new Command('list')
    .description('labs on this machine')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }) => {
      const labs = await withLab((lab) => lab.list());
      if (options.json) {
        process.stdout.write(`${JSON.stringify(labs, null, 2)}\n`);
        return;
      }
      type Summary = (typeof labs)[number];
      const columns = [
        text<Summary>('lab', (row) => row.id),
        text<Summary>('name', (row) => row.owner?.name ?? null),
        figure<Summary>('owner', (row) => (row.owner === null ? '-' : String(row.owner.pid))),
        text<Summary>('state', (row) => (row.alive ? 'running' : 'dead')),
        figure<Summary>('age', (row) =>
          duration(row.owner === null ? null : (Date.now() - row.owner.createdAtMs) / 1000),
        ),
        text<Summary>('nodes', (row) => row.nodes.join(' ') || null),
      ];
      process.stdout.write(renderTable(columns, labs, 'There are no labs.'));
    });
}

function sweepCommand(): Command {
  return new Command('sweep').description('remove what dead labs have left').action(async () => {
    const swept = await withLab((lab) => lab.sweep());
    process.stdout.write(
      swept.length === 0 ? 'There was nothing to remove.\n' : `removed ${swept.join(', ')}\n`,
    );
  });
}

function stopCommand(): Command {
  return new Command('stop')
    .description('end a lab and whoever runs it')
    .argument('<lab>', 'as "sluice lab list" names it')
    .action(async (id: string) => {
      await withLab((lab) => lab.stop(id));
      process.stdout.write(`stopped ${id}\n`);
    });
}

function execCommand(): Command {
  return new Command('exec')
    .description('run a command in a node of a lab')
    .argument('<lab>', 'as "sluice lab list" names it')
    .argument('<node>', 'such as hq-host')
    .argument('<command...>', 'after "--", the command and its arguments')
    .action(async (id: string, node: string, argv: string[]) => {
      process.exitCode = await withLab((lab) => lab.exec(id, node, argv));
    });
}

export function labCommand(): Command {
  return new Command('lab')
    .description('networks of namespaces on this machine')
    .addCommand(listCommand())
    .addCommand(sweepCommand())
    .addCommand(stopCommand())
    .addCommand(execCommand());
}
