// Everything that tells of a box, switched on by one commit over SSH: SNMP, IPFIX, syslog over TLS and metrics say of the same
// traffic what the command line says. A rollback takes all of it away.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type LabNode, type NodeProcess, type ReceivedSyslog, startRsyslog } from '@sluice/lab';
import { type FlowsReport, type InterfaceReport, type SyslogServerReport, until } from '@sluice/shared';
import { Pki } from '../interop/pki.js';
import { BOX, FAR, HOST, STATION, WatchedBox } from '../support/watched-box.js';

const SNMP_PORT = 161;
const METRICS_PORT = 9273;
const IPFIX_PORT = 4739;
const SYSLOG_PORT = 6514;

const PASSWORD = 'a password that is long';
const PRIVACY = 'another one, for privacy';
const SYS_NAME = '.1.3.6.1.2.1.1.5.0';
/** IF-MIB */
const IF_NAME = '.1.3.6.1.2.1.31.1.1.1.1';
const IF_HC_IN_OCTETS = '.1.3.6.1.2.1.31.1.1.1.6';

/** Octets of an Ethernet header, and of those of IPv4 and UDP. */
const ETHERNET = 14;
const HEADERS = 28;
const PACKETS = 40;
const PAYLOAD = 500;
const [SOURCE_PORT, DESTINATION_PORT] = [5001, 6001];
const SEND = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
for _ in range(int(sys.argv[5])):
    s.sendto(bytes(int(sys.argv[6])), (sys.argv[3], int(sys.argv[4])))
`;
const READ_METRICS = `
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())
`;
/** Each look is a program or more. */
const SLOWLY = { intervalMs: 200 };

describe('a box that is watched', function () {
  this.timeout(180_000);
  let box: WatchedBox;
  let collector: NodeProcess;
  let received: () => ReceivedSyslog[];

  before(async () => {
    box = await WatchedBox.start('watched');
    const { far, gateway, station } = box;
    const pki = new Pki(station.path('pki'), 'ECDSA');
    const { key, chain } = pki.issue('logs.example');
    ({ received } = await startRsyslog(station, {
      ...{ address: STATION, port: SYSLOG_PORT },
      tls: { ca: pki.root, certificate: chain, key, clients: 'known' },
    }));
    await far.run(['mkdir', 'flows']);
    collector = await far.start(['nfcapd', '-w', far.path('flows'), '-p', `${IPFIX_PORT}`, '-t', '3600'], {
      ready: { udp: IPFIX_PORT },
    });
    // A node sees files of its own alone.
    const { key: ownKey, chain: ownChain } = pki.issue('box.example');
    const [ca, certificate, privateKey] = [pki.root, ownChain, ownKey].map((file) =>
      gateway.writeFile(basename(file), readFileSync(file)),
    );
    const password = gateway.writeFile('snmp-password', PASSWORD);
    const privacy = gateway.writeFile('snmp-privacy', PRIVACY);
    // Neighbours are known from here on: no packet waits for one.
    await box.host.run(['ping', '-c', '1', FAR]);
    const server = `set management syslog servers ${STATION}`;
    const user = 'set management snmp users poller';
    const { stdout } = await box.operate(
      'configure',
      'set ipfix interfaces lan',
      'set ipfix idle_timeout_s 1',
      `set ipfix collectors ${FAR} port ${IPFIX_PORT}`,
      `set management metrics address ${BOX}`,
      'set management snmp sources 10.3.0.0/24',
      `${user} password file ${password}`,
      `${user} privacy_password file ${privacy}`,
      `${server} transport tls`,
      `${server} port ${SYSLOG_PORT}`,
      `${server} name logs.example`,
      `${server} ca file ${ca}`,
      `${server} certificate file ${certificate}`,
      `${server} private_key file ${privateKey}`,
      'commit comment "to be watched"',
    );
    assert.match(stdout, /^revision 2, \d+ changes$/m);
    await box.inForce(2);
    await until('SNMP to answer', async () => (await snmp('snmpget', SYS_NAME)).code === 0, SLOWLY);
    await until('metrics to be served', async () => (await scrape()).code === 0, SLOWLY);
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') box.lab.keepLogs = true;
  });
  after(() => box?.lab.stop());

  /** @param patience Options: how often to ask again, and how long to wait each time. */
  const snmp = (tool: string, oid: string, patience = ['-r5', '-t2']) => {
    const who = ['-v3', '-l', 'authPriv', '-u', 'poller', '-a', 'SHA-256', '-A', PASSWORD];
    const argv = [
      ...[tool, ...who, '-x', 'AES', '-X', PRIVACY, ...patience],
      ...['-m', '', '-Oqv', `udp:${BOX}:${SNMP_PORT}`, oid],
    ];
    return box.station.run(argv, { check: false, env: { SNMPCONFPATH: box.station.directory } });
  };
  const walk = async (oid: string): Promise<string[]> => {
    const { code, stdout, stderr } = await snmp('snmpwalk', oid);
    assert.equal(code, 0, stderr);
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.replaceAll('"', ''));
  };
  const octetsBySnmp = async (): Promise<number> => {
    const at = (await walk(IF_NAME)).indexOf('lan');
    return Number((await walk(IF_HC_IN_OCTETS))[at]);
  };
  const lan = async (): Promise<InterfaceReport> => {
    const { interfaces } = await box.shown<{ interfaces: InterfaceReport[] }>('interfaces');
    return interfaces.find(({ name }) => name === 'lan') ?? assert.fail('there is no lan');
  };
  const scrape = () =>
    box.station.run(['python3', '-c', READ_METRICS, `http://${BOX}:${METRICS_PORT}/metrics`], {
      check: false,
    });
  const flows = () => box.shown<FlowsReport>('flows');
  const send = () =>
    box.host.run([
      ...['python3', '-c', SEND, HOST, `${SOURCE_PORT}`, FAR, `${DESTINATION_PORT}`],
      ...[`${PACKETS}`, `${PAYLOAD}`],
    ]);

  it('has its traffic in SNMP, IPFIX and metrics as the command line has it', async () => {
    const [octets, before] = [await octetsBySnmp(), await lan()];
    await send();
    const sent = PACKETS * (ETHERNET + HEADERS + PAYLOAD);
    await until('the octets by SNMP', async () => (await octetsBySnmp()) >= octets + sent, SLOWLY);

    // Hosts do ARP as they like: what is the same before and after a scrape is what the scrape has to have.
    await until(
      'metrics to have what the command line has',
      async () => {
        const [first, { stdout, stderr }, snmpOctets, last] = [
          await lan(),
          await scrape(),
          await octetsBySnmp(),
          await lan(),
        ];
        const labels = 'interface="lan",vrf="default",kind="ethernet"';
        const figure = new RegExp(`^sluice_interface_receive_packets_total\\{${labels}\\} (\\d+)$`, 'm');
        const packets = Number((figure.exec(stdout) ?? assert.fail(stderr))[1]);
        assert.ok(first.rx_packets <= packets && packets <= last.rx_packets);
        assert.ok(packets >= before.rx_packets + PACKETS);
        return (
          packets === last.rx_packets && first.rx_bytes === last.rx_bytes && snmpOctets === last.rx_bytes
        );
      },
      SLOWLY,
    );

    const { messages } = await until(
      'the flow to have been exported',
      async () => {
        const { total, collectors } = await flows();
        return total === 0 && (collectors[0]?.records ?? 0) > 0 && collectors[0];
      },
      SLOWLY,
    );
    await until(
      'the collector to have read it',
      async () => (await datagramsRead(box.far)) >= messages,
      SLOWLY,
    );
    assert.equal(await collector.stop(), 0, collector.log());
    assert.deepEqual(await collected(box.far), [
      `${HOST} ${FAR} 17 ${SOURCE_PORT} ${DESTINATION_PORT} ${PACKETS} ${PACKETS * (HEADERS + PAYLOAD)}`,
    ]);
  });

  it('has told a syslog server that wants to know who it is of the commit', async () => {
    await until(
      () => `the line of the commit, in ${JSON.stringify(received())}`,
      () =>
        received().some(
          ({ app, hostname, text }) =>
            app === 'sluice-agent' &&
            hostname === 'box' &&
            /configuration loaded .*revision=2.*by="anna"/.test(text),
        ),
    );
    const { servers } = await box.shown<{ servers: SyslogServerReport[] }>('logging');
    const [server] = servers;
    assert.deepEqual([server?.state, server?.problem, server?.lost], ['up', null, 0]);
  });

  it('tells nobody any more after a rollback', async () => {
    const { stdout } = await box.operate('configure', 'rollback 1', 'compare', 'commit');
    assert.match(stdout, /^- management\.snmp/m);
    await box.inForce(3);
    const gone = [
      `${BOX}:${METRICS_PORT}`,
      `0.0.0.0:${SNMP_PORT}`,
      `${FAR}:${IPFIX_PORT}`,
      `${STATION}:${SYSLOG_PORT}`,
    ];
    await until(
      'its sockets to be gone',
      async () => {
        const { stdout: sockets } = await box.gateway.run(['ss', '-Hatun', 'exclude', 'time-wait']);
        assert.match(sockets, /LISTEN .*:22\b/);
        return gone.every((end) => !sockets.includes(`${end} `));
      },
      SLOWLY,
    );
    assert.notEqual((await snmp('snmpget', SYS_NAME, ['-r0', '-t1'])).code, 0);
    assert.match((await scrape()).stderr, /Connection refused/);
    const { rx_packets: before } = await lan();
    await send();
    await until('the packets', async () => (await lan()).rx_packets >= before + PACKETS, SLOWLY);
    const { total, collectors } = await flows();
    assert.deepEqual({ total, collectors }, { total: 0, collectors: [] });
    const { servers } = await box.shown<{ servers: SyslogServerReport[] }>('logging');
    assert.deepEqual(servers, []);
  });
});

/** Datagrams that programs of a node have read so far (RFC 4113, udpInDatagrams). */
async function datagramsRead(node: LabNode): Promise<number> {
  const { stdout } = await node.run(['cat', '/proc/net/snmp']);
  const values = stdout.split('\n').filter((line) => line.startsWith('Udp:'))[1];
  return Number(values?.split(' ')[1]);
}

/** The flows of UDP that nfcapd has written down. */
async function collected(node: LabNode): Promise<string[]> {
  const files = readdirSync(node.path('flows')).filter((name) => name.startsWith('nfcapd.2'));
  const found: string[] = [];
  for (const file of files) {
    const { stdout } = await node.run([
      ...[
        'nfdump',
        '-r',
        node.path(`flows/${file}`),
        '-q',
        '-N',
        '-o',
        'fmt:%sa %da %pr %sp %dp %ipkt %ibyt',
      ],
      'proto udp',
    ]);
    found.push(
      ...stdout
        .split('\n')
        .map((line) => line.trim().replace(/\s+/g, ' '))
        .filter(Boolean),
    );
  }
  return found;
}
