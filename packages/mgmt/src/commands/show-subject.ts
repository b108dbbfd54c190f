// A subject of sluice show: one request, as a table or as JSON.
import type { Contract, ReplyOf, RequestInputOf } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';

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
  environment: Environment,
  subject: Subject<C, K>,
): Command {
  return gatewayCommand(environment, subject.name)
    .description(subject.summary)
    .option('--json', 'as JSON, with exact figures')
    .action(async (options: GatewayOptions & { json?: boolean }) => {
      const reply = await withClient(subject.contract, runDirOf(environment, options), (client) =>
        client.request(subject.request, subject.body ?? ({} as RequestInputOf<C, K>)),
      );
      environment.out(options.json ? `${JSON.stringify(reply, null, 2)}\n` : subject.render(reply));
    });
}
