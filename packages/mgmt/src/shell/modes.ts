// Where a session is: at the commands of the gateway, or in a configuration that is being changed.
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { agentContract, codeOf } from '@sluice/shared';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { Candidate } from '../configure/candidate.js';
import { configureProgram } from '../configure/program.js';
import type { Environment } from '../environment.js';
import { withClient } from '../gateway.js';
import { operationalProgram } from './operational.js';
import type { SessionPlace } from './session.js';

/** A file that is brought may have as many octets as a configuration. */
const BROUGHT_FILE_MAX = 16 << 20;

export class SessionModes {
  #candidate: Candidate | null = null;
  #hostname = hostname();

  constructor(
    private readonly place: SessionPlace & { filesDir: string },
    private readonly leave: () => void,
  ) {}

  /** Asks for the name that the prompt has. */
  async greet(): Promise<void> {
    const status = await withClient(agentContract, this.place.runDir, (client) =>
      client.request('status', {}),
    ).catch(
      // A gateway whose agent is away still has a command line.
      () => null,
    );
    this.#hostname = status?.hostname ?? this.#hostname;
  }

  prompt(): string {
    const { name, role } = this.place.user;
    if (this.#candidate !== null) return `${name}@${this.#hostname} (configure)# `;
    return `${name}@${this.#hostname}${role === 'admin' ? '#' : '>'} `;
  }

  program(environment: Environment): Command {
    const operational = operationalProgram(environment, {
      configure: () => this.#restart(),
      leave: this.leave,
    });
    const candidate = this.#candidate;
    if (candidate === null) return operational;
    return configureProgram(
      environment,
      {
        candidate,
        user: this.place.user.name,
        restart: () => this.#restart(),
        leave: () => {
          this.#candidate = null;
        },
        read: (name) => this.#read(name),
      },
      operational.name('run').description('a command of outside'),
    );
  }

  /** Into configure mode, with what is in force. */
  async #restart(): Promise<void> {
    const { revision, text } = await withClient(agentContract, this.place.runDir, (client) =>
      client.request('show-config', {}),
    );
    if (text === null)
      throw new CliError(
        'the configuration file is not valid, and the text of what is in force is not kept: mend the file first',
      );
    this.#candidate = new Candidate(text, revision);
  }

  async #read(name: string): Promise<string> {
    if (!/^\w[\w.-]*$/.test(name)) throw new CliError(`"${name}" is not a plain file name such as site.yaml`);
    const path = join(this.place.filesDir, name);
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
      throw new CliError(
        `there is no file ${name}: bring it by "scp ${name} ${this.place.user.name}@…:files/"`,
      );
    });
    if (text.length > BROUGHT_FILE_MAX) throw new CliError(`${name} is too large for a configuration`);
    return text;
  }
}
