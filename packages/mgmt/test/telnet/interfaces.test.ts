// Telnet through the data plane: by the interfaces that it is on for, in their VRFs, and by no others.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashSync } from '@node-rs/argon2';
import { type Gateway, Lab, type LabNode, type NodeProcess, startKea } from '@sluice/lab';
import { agentContract, connect, createLogger, dataplaneContract, until } from '@sluice/shared';
import { PASSWORD, Terminal } from '../ssh/box.js';

const DEADLINE_MS = 60_000;
/** What the provider gives: an address, and prefixes one after the other. */
const LEASED = '10.4.0.50';
const PREFIXES = ['2001:db8:4:1::/64', '2001:db8:4:2::/64'] as const;

describe('Telnet by chosen interfaces', function () {
  this.timeout(150_000);
  const log = createLogger({ name: 'test', level: 'silent' });
  const open: Terminal[] = [];
  let lab: Lab;
  let gateway: Gateway;
  let [inside, outside, guest, provider]: LabNode[] = [];
  let router: NodeProcess;

  before(async () => {
    lab = await Lab.create({ name: 'telnet' });
    gateway = await lab.gateway('gw');
    [inside, outside, guest, provider] = await Promise.all([
      lab.host('inside', { ipv6: true }),
      lab.host('outside'),
      lab.host('guest'),
      lab.router('provider', { ipv6: true }),
    ]);
    await lab.link(gateway.port('eth0'), inside.port('eth0', '10.1.0.2/24', 'fd00:1::2/64'));
    await lab.link(gateway.port('eth1'), outside.port('eth0', '10.2.0.2/24'));
    await lab.link(gateway.port('eth2'), guest.port('eth0', '10.3.0.2/24'));
    await lab.link(gateway.port('eth3'), provider.port('eth0', '10.4.0.1/24', ...PREFIXES.map(firstOf)));
    await startKea(provider, {
      ...{ family: 4, devices: ['eth0'], name: 'kea' },
      config: { subnet4: [{ id: 1, subnet: '10.4.0.0/24', pools: [{ pool: `${LEASED} - ${LEASED}` }] }] },
    });
    router = await advertise(provider, PREFIXES.slice(0, 1));
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
        { ...port, name: 'uplink', device: 'eth3', dhcp_client: {}, ipv6: { accept_ra: true } },
      ],
      management: {
        telnet: { interfaces: ['lan', 'till', 'uplink'] },
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
    await served('10.1.0.1', 'fd00:1::1', '10.3.0.1');
  });
  afterEach(async () => {
    for (const terminal of open.splice(0)) await terminal.close();
  });
  after(() => lab.stop());

  /** Waits until it is, at these addresses. */
  const served = async (...addresses: string[]): Promise<void> => {
    const logged = (): string => readFileSync(join(gateway.runDir, 'mgmt.log'), 'utf8');
    const isServed = (line: string, address: string): boolean =>
      line.includes('"telnet is served"') && line.includes(`"${address}"`);
    await until(
      () => `Telnet to be served at ${addresses.join(', ')}, in ${logged()}`,
      () =>
        addresses.every((address) =>
          logged()
            .split('\n')
            .some((line) => isServed(line, address)),
        ),
      { deadlineMs: DEADLINE_MS },
    );
  };
  /** The uplink's address of a prefix. */
  const learnt = async (prefix: string): Promise<string> => {
    const dataplane = connect(dataplaneContract, { runDir: gateway.runDir, log });
    try {
      const found = await until(
        `an address of ${prefix}`,
        async () => {
          const { interfaces } = await dataplane.request('show-interfaces', {});
          const { addresses = [] } = interfaces.find(({ name }) => name === 'uplink') ?? {};
          return addresses.find((address) => address.startsWith(prefix.split('::')[0] ?? prefix)) ?? null;
        },
        { deadlineMs: DEADLINE_MS },
      );
      return found.split('/')[0] ?? found;
    } finally {
      await dataplane.close();
    }
  };
  const logIn = async (node: LabNode | undefined, address: string): Promise<Terminal> => {
    const terminal = telnet(node, address);
    await terminal.shows('login: ');
    await terminal.types('otto\r', 'password: ');
    await terminal.types(`${PASSWORD}\r`, 'otto@gw> ');
    await terminal.types('show agent\r', 'gw: revision');
    return terminal;
  };

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
      await logIn(node, address);
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

  it('is there at addresses that are learnt, by DHCP and by router advertisements, and sessions stay', async () => {
    await served(LEASED);
    await logIn(provider, LEASED);
    const first = await learnt(PREFIXES[0]);
    await served(first);
    const terminal = await logIn(provider, first);
    await router.stop();
    assert.ok(provider);
    router = await advertise(provider, PREFIXES);
    const second = await learnt(PREFIXES[1]);
    await served(second);
    await logIn(provider, second);
    await terminal.types('show agent\r', 'gw: revision');
  });

  it('is there again in a VRF that was made anew with the data plane', async () => {
    const pid = gateway.processes().get('dataplane');
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGTERM');
    await until(
      'the next data plane',
      () => ![pid, undefined].includes(gateway.processes().get('dataplane')),
      { deadlineMs: DEADLINE_MS },
    );
    await until('Telnet to be there', () => isThere(guest, '10.3.0.1'), {
      deadlineMs: DEADLINE_MS,
      intervalMs: 200,
    });
    await logIn(guest, '10.3.0.1');
  });
});

const CONNECT = `
import socket, sys
socket.create_connection((sys.argv[1], 23), timeout=2).close()
`;

async function isThere(node: LabNode | undefined, address: string): Promise<boolean> {
  assert.ok(node);
  return (await node.run(['python3', '-c', CONNECT, address], { check: false })).code === 0;
}

function firstOf(prefix: string): string {
  return prefix.replace('::/', '::1/');
}

/** Resolves when the node has begun to be a router for these. */
function advertise(node: LabNode, prefixes: readonly string[]): Promise<NodeProcess> {
  const file = node.writeFile(
    `radvd-${prefixes.length}.conf`,
    `interface eth0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; ${prefixes
      .map((prefix) => `prefix ${prefix} {};`)
      .join(' ')} };\n`,
  );
  return node.start(
    ['radvd', '-n', '-m', 'stderr', '-C', file, '-p', node.path(`radvd-${prefixes.length}.pid`)],
    {
      name: `radvd-${prefixes.length}`,
    },
  );
}
