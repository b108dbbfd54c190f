// The commands of configure mode.
import { agentContract, CONFIRM_MAX_S, CONFIRM_MIN_S, type ConfigOutcome } from '@sluice/shared';
import { Argument, Command, Option } from 'commander';
import { CliError } from '../cli-error.js';
import { renderChange, renderProblems, renderWarnings } from '../commands/changes.js';
import type { Environment } from '../environment.js';
import { withClient } from '../gateway.js';
import { parsePositive } from '../numbers.js';
import { completes } from '../shell/annotations.js';
import { sessionRoot } from '../shell/operational.js';
import type { Candidate } from './candidate.js';

/** What configure mode changes of its session. */
export interface Configuring {
  readonly candidate: Candidate;
  readonly user: string;
  /** Another candidate, from what is in force. */
  restart(): Promise<void>;
  leave(): void;
  /** The text of a file that was brought by SFTP. */
  read(name: string): Promise<string>;
}

const MINUTES_PRESET = 10;

/** @param run The commands outside of configure mode, under `run`. */
export function configureProgram(environment: Environment, configuring: Configuring, run: Command): Command {
  const { candidate } = configuring;
  const path = (help: string): Argument =>
    completes(new Argument('<path...>', help), (words) => candidate.next(words));
  const agent = <T>(body: Parameters<typeof withClient<typeof agentContract, T>>[2]): Promise<T> =>
    withClient(agentContract, environment.runDir ?? '', body);

  const set = new Command('set')
    .description('give a key a value, or a list another one; entries are named')
    .addArgument(path('such as interfaces lan mtu 1400'))
    .action((words: string[]) => candidate.set(words));
  const remove = new Command('delete')
    .description('take a key, an entry or a value away')
    .addArgument(path('such as interfaces lan mtu'))
    .action((words: string[]) => candidate.delete(words));
  const show = new Command('show')
    .description('the candidate, or a part of it')
    .addArgument(
      completes(new Argument('[path...]', 'such as interfaces lan'), (words) => candidate.next(words)),
    )
    .action((words: string[]) => environment.out(candidate.show(words)));
  const compare = new Command('compare').description('what a commit would change').action(async () => {
    const { changes, warnings } = await checked(
      agent((client) => client.request('check', { text: candidate.text })),
    );
    environment.err(renderWarnings(warnings));
    environment.out(
      changes.length === 0 ? 'nothing differs\n' : changes.map((each) => `${renderChange(each)}\n`).join(''),
    );
  });
  const commit = new Command('commit')
    .description('make the candidate the configuration; confirms what waits to be confirmed')
    .addOption(
      new Option('--confirmed [minutes]', 'back by itself after this time, unless "confirm" comes')
        .argParser(parsePositive)
        .preset(MINUTES_PRESET),
    )
    .option('--comment <text>', 'why')
    .action(async ({ confirmed, comment }: { confirmed?: number; comment?: string }) => {
      const confirm_s = confirmed === undefined ? null : confirmed * 60;
      if (confirm_s !== null && (confirm_s < CONFIRM_MIN_S || confirm_s > CONFIRM_MAX_S))
        throw new CliError(`confirmed takes 1 to ${CONFIRM_MAX_S / 60} minutes`);
      const { revision, changes, warnings } = await checked(
        agent((client) =>
          client.request('commit', {
            text: candidate.text,
            by: configuring.user,
            comment: comment ?? null,
            base_revision: candidate.revision,
            confirm_s,
          }),
        ),
      );
      const count = changes.length === 1 ? '1 change' : `${changes.length} changes`;
      environment.out(`revision ${revision}, ${count}\n`);
      environment.err(renderWarnings(warnings));
      if (confirm_s !== null)
        environment.out(
          `"confirm" within ${confirmed} minute${confirmed === 1 ? '' : 's'}, or it goes back\n`,
        );
      await configuring.restart();
    });
  const rollback = new Command('rollback')
    .description('an earlier revision as the candidate; then compare and commit')
    .addArgument(
      new Argument('[back]', 'how many revisions back; 0 is what is in force')
        .argParser(parseBack)
        .default(0),
    )
    .action(async (back: number) => {
      const text = await agent(async (client) => {
        const { revisions } = await client.request('history', {});
        const wanted = revisions[back];
        if (wanted === undefined)
          throw new CliError(`only ${revisions.length} revisions are kept: see "run show history"`);
        return (await client.request('show-revision', { revision: wanted.revision })).text;
      });
      if (text === null) throw new CliError('that revision is not kept any more: see "run show history"');
      candidate.replace(text);
    });
  const load = new Command('load')
    .description('a file that was brought by SFTP as the candidate')
    .argument('<file>', 'its name')
    .action(async (name: string) => candidate.replace(await configuring.read(name)));
  const discard = new Command('discard')
    .description('forget what was changed')
    .action(() => configuring.restart());
  const exit = new Command('exit')
    .alias('quit')
    .description('leave configure mode; what is not committed is forgotten')
    .action(() => configuring.leave());
  return sessionRoot('configure', environment, [
    set,
    remove,
    show,
    compare,
    commit,
    rollback,
    load,
    discard,
    run,
    exit,
  ]);
}

/** Errors: CliError with every problem of a text that is not valid. */
async function checked(asked: Promise<ConfigOutcome>): Promise<ConfigOutcome> {
  const outcome = await asked;
  if (outcome.problems.length > 0)
    throw new CliError(`nothing was changed:\n${renderProblems(outcome.problems).join('\n')}`);
  return outcome;
}

function parseBack(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new CliError('rollback takes how many revisions back, such as 1');
  return Number(text);
}
