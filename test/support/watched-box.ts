// A gateway between a host and a far one, and a station from which it is operated and watched.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type CommandResult, type Gateway, Lab, type LabNode } from '@sluice/lab';
import { type AgentStatus, agentContract, connect, createLogger, until } from '@sluice/shared';

export const HOST = '10.1.0.2';
export const FAR = '10.2.0.2';
export const BOX = '10.3.0.1';
export const STATION = '10.3.0.2';

const CONVERGED_MS = 60_000;

export class WatchedBox {
  private constructor(
    readonly lab: Lab,
    readonly gateway: Gateway,
    readonly host: LabNode,
    readonly far: LabNode,
    readonly station: LabNode,
  ) {}

  /** Up, with nothing but SSH for its administrator, anna. */
  static async start(name: string): Promise<WatchedBox> {
    const lab = await Lab.create({ name });
    try {
      const gateway = await lab.gateway('gw');
      const host = await lab.host('host');
      const far = await lab.host('far');
      const station = await lab.host('station');
      await lab.link(gateway.port('eth0'), host.port('eth0', `${HOST}/24`));
      await lab.link(gateway.port('eth1'), far.port('eth0', `${FAR}/24`));
      await lab.link(gateway.port('eth2'), station.port('eth0', `${STATION}/24`));
      await host.route('default', '10.1.0.1');
      await far.route('default', '10.2.0.1');
      const box = new WatchedBox(lab, gateway, host, far, station);
      await box.up();
      return box;
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  /** What is typed to it over SSH, a command a line; all of them have to be done. */
  async operate(...lines: string[]): Promise<CommandResult> {
    const { station } = this;
    const ended = await station.run(
      [
        ...[
          'ssh',
          '-T',
          '-F',
          'none',
          '-i',
          station.path('anna'),
          '-o',
          'BatchMode=yes',
          '-o',
          'LogLevel=ERROR',
        ],
        ...[
          '-o',
          `UserKnownHostsFile=${station.path('known_hosts')}`,
          '-o',
          'StrictHostKeyChecking=accept-new',
        ],
        `anna@${BOX}`,
      ],
      { input: lines.map((line) => `${line}\n`).join(''), check: false, deadlineMs: 45_000 },
    );
    assert.equal(ended.code, 0, `${ended.stdout}\n${ended.stderr}`);
    return ended;
  }

  /** What a `show` command has in JSON. */
  async shown<T>(subject: string): Promise<T> {
    return JSON.parse((await this.operate(`show ${subject} | json`)).stdout) as T;
  }

  /** Resolves when all processes do what a revision says. */
  async inForce(revision: number): Promise<void> {
    await until(
      `revision ${revision} to be in force`,
      async () => {
        const status = await this.shown<AgentStatus>('agent');
        return status.revision === revision && status.converged;
      },
      { intervalMs: 200 },
    );
  }

  private async up(): Promise<void> {
    const { gateway, station } = this;
    await station.run([
      'ssh-keygen',
      '-q',
      '-t',
      'ed25519',
      '-N',
      '',
      '-C',
      'anna',
      '-f',
      station.path('anna'),
    ]);
    const port = { driver: 'af_packet' } as const;
    const agent = connect(agentContract, {
      runDir: gateway.runDir,
      log: createLogger({ name: 'test', level: 'silent' }),
    });
    try {
      const converged = async () => (await agent.request('status', {}, { deadlineMs: 1000 })).converged;
      const config = {
        ...{ schema: 1 as const, hostname: 'box', dataplane: { workers: 1 } },
        interfaces: [
          { ...port, name: 'lan', device: 'eth0', addresses: ['10.1.0.1/24'] },
          { ...port, name: 'wan', device: 'eth1', addresses: ['10.2.0.1/24'] },
          { ...port, name: 'ops', device: 'eth2', addresses: [`${BOX}/24`] },
        ],
        management: {
          ssh: {},
          users: [
            {
              name: 'anna',
              role: 'admin' as const,
              public_keys: [readFileSync(station.path('anna.pub'), 'utf8').trim()],
            },
          ],
        },
      };
      await gateway.up(config, { converged, deadlineMs: CONVERGED_MS });
    } finally {
      await agent.close();
    }
  }
}
