// The management process, against processes that serve the real contracts with fixed figures.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogger, until } from '@sluice/shared';
import { ManagementDaemon } from '../../src/daemon/daemon.js';
import { renderMetrics } from '../../src/daemon/metrics.js';
import { type FakeGateway, fakeGateway } from '../support/fake-gateway.js';

/** At the root of the source tree. */
const DASHBOARD = fileURLToPath(new URL('../../../../../docs/grafana-dashboard.json', import.meta.url));

interface Dashboard {
  panels: { id: number; title: string; targets: { expr: string }[] }[];
}

const log = createLogger({ name: 'test', level: 'silent' });

describe('metrics', function () {
  this.timeout(60_000);
  let runDir: string;
  let gateway: FakeGateway;
  let daemon: ManagementDaemon | null = null;

  beforeEach(async () => {
    runDir = mkdtempSync(join(tmpdir(), 'sluice-metrics-'));
    gateway = await fakeGateway(runDir);
  });
  afterEach(async () => {
    await daemon?.close();
    daemon = null;
    await gateway.stop();
    rmSync(runDir, { recursive: true, force: true });
  });

  /** A port that nobody listens on at the moment. */
  async function freePort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }

  async function served(port: number): Promise<Response> {
    return until('metrics to be served', () => fetch(`http://127.0.0.1:${port}/metrics`));
  }

  it('are what the processes say at the moment of the scrape', async () => {
    const port = await freePort();
    gateway.config = { management: { metrics: { address: '127.0.0.1', port, vrf: 'default' } } };
    daemon = new ManagementDaemon(runDir, runDir, log);
    const response = await served(port);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    for (const line of [
      'sluice_process_up{process="dataplane"} 1',
      'sluice_process_up{process="charon"} 1',
      'sluice_configuration_revision 3',
      'sluice_configuration_converged 0',
      'sluice_interface_receive_packets_total{interface="wan",vrf="default",kind="ethernet"} 1234567',
      'sluice_interface_up{interface="hq",vrf="default",kind="tunnel"} 0',
      'sluice_node_packets_total{node="ip4-input",worker="0"} 10000',
      'sluice_node_seconds_per_packet{node="ip4-input",worker="0"} 1.234e-8',
      'sluice_drops_total{node="ip4-ttl",reason="ttl_expired",severity="error"} 1200',
      'sluice_worker_rounds_total{worker="0"} 5000',
      'sluice_pool_free_frames 16380',
      'sluice_flows 2500',
      'sluice_flows_not_metered_packets_total 3',
      'sluice_ipfix_records_total{collector="192.0.2.9 4739",vrf="default"} 800',
      'sluice_ipfix_lost_records_total{collector="192.0.2.9 4739",vrf="default"} 7',
      'sluice_ike_sas 1',
      'sluice_child_sas 1',
      'sluice_process_up{process="dhcpd"} 1',
      'sluice_dhcp_leases{network="lan",vrf="default"} 2500',
      'sluice_dhcp_addresses{network="lan",vrf="default"} 3000',
      'sluice_dhcp_messages_total{outcome="malformed",dropped="true"} 1',
      'sluice_dhcp_client_bound{interface="wan",vrf="default"} 1',
      'sluice_dhcp_client_bound{interface="backup",vrf="default"} 0',
      'sluice_dhcp6_client_bound{interface="wan",vrf="default"} 1',
      'sluice_dhcp6_client_prefix{interface="wan",vrf="default"} 1',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line} is not in\n${text}`);
    }
    // The format's grammar (exposition formats, version 0.0.4): a comment, or a name, labels and a number.
    for (const line of text.split('\n').filter((one) => one !== '')) {
      assert.match(
        line,
        /^(# (HELP|TYPE) sluice_\w+ .+|sluice_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [-+.\deINa]+)$/,
      );
    }
    assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404);
    assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status, 405);
  });

  it('are what the dashboard asks for', async () => {
    const port = await freePort();
    gateway.config = { management: { metrics: { address: '127.0.0.1', port, vrf: 'default' } } };
    daemon = new ManagementDaemon(runDir, runDir, log);
    const text = await (await served(port)).text();
    const known = new Map(
      [...text.matchAll(/^# TYPE (sluice_\w+) (counter|gauge)$/gm)].map(([, name, type]) => [name!, type!]),
    );
    const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as Dashboard;
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const asked = new Set<string>();
    for (const { title, targets } of panels) {
      assert.ok(targets.length > 0, title);
      for (const { expr } of targets) {
        for (const [, name, range] of expr.matchAll(/(sluice_\w+)(?:\{[^}]*\})?(\[)?/g)) {
          asked.add(name!);
          // What only grows is looked at by its rate, and nothing else is.
          assert.equal(known.get(name!), range === '[' ? 'counter' : 'gauge', `${name} in ${title}`);
        }
      }
    }
    assert.ok(asked.size > 20, [...asked].join(' '));
  });

  it('come and go with the configuration, and wait for an address that is taken', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as AddressInfo;
    gateway.config = { management: { metrics: { address: '127.0.0.1', port, vrf: 'default' } } };
    daemon = new ManagementDaemon(runDir, runDir, log);
    blocker.closeAllConnections();
    await new Promise((resolve) => blocker.close(resolve));
    assert.equal((await served(port)).status, 200);
  });

  it('are served to others while one client says nothing', async () => {
    const port = await freePort();
    gateway.config = { management: { metrics: { address: '127.0.0.1', port, vrf: 'default' } } };
    daemon = new ManagementDaemon(runDir, runDir, log);
    await served(port);
    const mute = connect(port, '127.0.0.1');
    await new Promise((resolve) => mute.once('connect', resolve));
    assert.equal((await served(port)).status, 200);
    mute.destroy();
  });

  it('say which process does not answer, and show the others', async () => {
    const text = await renderMetrics({
      agent: null,
      dataplane: null,
      ike: { charonUp: false, ikeSas: { established: 0, children: 0 } },
      dhcp: null,
      syslog: [],
      snmp: null,
    });
    assert.match(text, /^sluice_process_up\{process="dataplane"\} 0$/m);
    assert.match(text, /^sluice_process_up\{process="ike-bridge"\} 1$/m);
    assert.ok(!text.includes('sluice_pool_frames'));
  });
});
