// Telnet through the data plane: by the interfaces that it is on for, in their VRFs, and by no others.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashSync } from '@node-rs/argon2';
import { type Gateway, Lab, type LabNode } from '@sluice/lab';
import { agentContract, connect, createLogger, dataplaneContract, until } from '@sluice/shared';
import { PASSWORD, Terminal } from '../ssh/box.js';

const DEADLINE_MS = 60_000;

describe('Telnet by chosen interfaces', function () {
  this.timeout(150_000);
  const log = createLogger({ name: 'test', level: 'silent' });
  const open: Terminal[] = [];
  let lab: Lab;
  let gateway: Gateway;
  let [inside, outside, guest]: LabNode[] = [];

  before(async () => {
    lab = await Lab.create({ name: 'telnet' });
    gateway = await lab.gateway('gw');
    [inside, outside, guest] = await Promise.all([
      lab.host('inside', { ipv6: true }),
      lab.host('outside'),
      lab.host('guest'),
    ]);
    await lab.link(gateway.port('eth0'), inside.port('eth0', '10.1.0.2/24', 'fd00:1::2/64'));
    await lab.link(gateway.port('eth1'), outside.port('eth0', '10.2.0.2/24'));
    await lab.link(gateway.port('eth2'), guest.port('eth0', '10.3.0.2/24'));
    await outside.route('10.1.0.0/24', '10.2.0.1');
    const port = { driver: 'af_packet' } as const;
    const config = {
      schema: 1 as const,
      hostname: 'gw',
      dataplane: { workers: 1 },
      vrfs: [{ name: 'default' }, { name: 'guests' }],
      interfaces: [
        { ...port, name: 'lan', device: 'eth0', addresses: ['10.1.0.1/24', 'fd00:1::1/64'] },
        { ...port, name: 'wan', device: 'eth1', addresses: ['10.2.0.1/24'] },
        { ...port, name: 'till', device: 'eth2', vrf: 'guests', addresses: ['10.3.0.1/24'] },
      ],
      management: {
        telnet: { interfaces: ['lan', 'till'] },
        users: [{ name: 'otto', password_hash: hashSync(PASSWORD, { memoryCost: 4096, timeCost: 2 }) }],
      },
    };
    const agent = connect(agentContract, { runDir: gateway.runDir, log });
    try {
      const converged = async () => (await agent.request('status', {}, { deadlineMs: 1000 })).converged;
      await gateway.up(config, { converged, deadlineMs: DEADLINE_MS });
    } finally {
      await agent.close();
    }
    const logged = (): string => readFileSync(join(gateway.runDir, 'mgmt.log'), 'utf8');
    await until(
      () => `Telnet to be served, in ${logged()}`,
      () => logged().includes('telnet is served'),
      { deadlineMs: DEADLINE_MS },
    );
  });
  afterEach(async () => {
    for (const terminal of open.splice(0)) await terminal.close();
  });
  after(() => lab.stop());

  const telnet = (node: LabNode | undefined, address: string): Terminal => {
    assert.ok(node);
    const [file = '', ...rest] = node.enter(['script', '-qfec', `telnet ${address}`, '/dev/null']);
    const terminal = new Terminal(spawn(file, rest, { stdio: ['pipe', 'pipe', 'pipe'] }));
    open.push(terminal);
    return terminal;
  };
  const refused = async (): Promise<number> => {
    const dataplane = connect(dataplaneContract, { runDir: gateway.runDir, log });
    try {
      const { errors } = await dataplane.request('show-errors', {});
      return errors.find(({ node, reason }) => node === 'punt' && reason === 'telnet_off')?.count ?? 0;
    } finally {
      await dataplane.close();
    }
  };

  it('lets hosts behind them log in, over either family and in any VRF', async () => {
    for (const [node, address] of [
      [inside, '10.1.0.1'],
      [inside, 'fd00:1::1'],
      [guest, '10.3.0.1'],
    ] as const) {
      const terminal = telnet(node, address);
      await terminal.shows('login: ');
      await terminal.types('otto\r', 'password: ');
      await terminal.types(`${PASSWORD}\r`, 'otto@gw> ');
      await terminal.types('show agent\r', 'gw: revision');
    }
    assert.equal(await refused(), 0);
  });

  it('keeps everybody else out, also from the addresses of those interfaces', async () => {
    for (const address of ['10.2.0.1', '10.1.0.1']) {
      const before = await refused();
      telnet(outside, address);
      await until('the data plane to refuse it', async () => (await refused()) > before, {
        deadlineMs: DEADLINE_MS,
      });
    }
  });
});
