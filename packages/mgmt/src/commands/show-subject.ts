// A subject of sluice show: one request, as a table or as JSON.
import type { Contract, ReplyOf, RequestInputOf } from '@sluice/shared';
import { Command } from 'commander';
import { runDirOption, withClient } from '../gateway.js';

/** A subject that one request answers. */
export interface Subject<C extends Contract, K extends keyof C['requests'] & string> {
  name: string;
  summary: string;
  contract: C;
  request: K;
  body?: RequestInputOf<C, K>;
  /** The reply as text that ends with a newline. */
  render(reply: ReplyOf<C, K>): string;
}

export function showSubject<const C extends Contract, K extends keyof C['requests'] & string>(
  subject: Subject<C, K>,
): Command {
  return new Command(subject.name)
    .description(subject.summary)
    .addOption(runDirOption())
    .option('--json', 'as JSON, with exact figures')
    .action(async (options: { runDir: string; json?: boolean }) => {
      const reply = await withClient(subject.contract, options.runDir, (client) =>
        client.request(subject.request, subject.body ?? ({} as RequestInputOf<C, K>)),
      );
      process.stdout.write(options.json ? `${JSON.stringify(reply, null, 2)}\n` : subject.render(reply));
    });
}
