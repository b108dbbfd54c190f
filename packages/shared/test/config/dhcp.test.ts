import assert from 'node:assert/strict';
import { deviceConfigSchema } from '../../src/index.js';

const DEVICE = {
  schema: 1,
  vrfs: [{ name: 'default' }, { name: 'guests' }],
  interfaces: [
    { name: 'lan', device: 'eth0', addresses: ['10.1.0.1/24', '2001:db8::1/64'] },
    { name: 'port', device: 'eth1' },
    { name: 'bare', device: 'eth2' },
  ],
  bridges: [{ name: 'br', members: ['port'], vrf: 'guests', addresses: ['10.1.0.1/24'] }],
  loopbacks: [{ name: 'lo1', addresses: ['192.0.2.1/32'] }],
};

const POOL = { range: '10.1.0.100-10.1.0.199' };

function problems(...servers: object[]): string[] {
  const result = deviceConfigSchema.safeParse({ ...DEVICE, dhcp: { servers } });
  if (result.success) return [];
  return result.error.issues.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`);
}

describe('the DHCP section', () => {
  it('takes a server of an interface, of a bridge in another VRF, and of a network behind relays', () => {
    assert.deepEqual(
      problems(
        { interface: 'lan', pools: [POOL], exclude: ['10.1.0.150'], options: { dns_servers: ['10.1.0.1'] } },
        { interface: 'br', pools: [POOL], reservations: [{ mac: '02:00:00:00:00:01', address: '10.1.0.9' }] },
        { subnet: '10.5.0.0/24', relays: ['10.5.0.1'], pools: [{ range: '10.5.0.10' }] },
      ),
      [],
    );
  });

  it('says what is wrong with where it serves', () => {
    const cases: [object[], RegExp][] = [
      [[{ pools: [POOL] }], /needs interface or subnet, and not both/],
      [[{ interface: 'lan', subnet: '10.5.0.0/24' }], /needs interface or subnet, and not both/],
      [[{ interface: 'wlan' }], /0\.interface: there is no interface "wlan"/],
      [[{ interface: 'lo1' }], /"lo1" has no network of stations/],
      [[{ interface: 'port' }], /"port" is a member of bridge br: serve the bridge/],
      [[{ interface: 'bare' }], /"bare" has no IPv4 address/],
      [[{ subnet: '10.5.0.0/24', vrf: 'red' }], /0\.vrf: there is no VRF "red"/],
      [[{ interface: 'lan' }, { interface: 'lan' }], /1\.interface: "lan" has a server already/],
      [
        [{ interface: 'lan' }, { subnet: '10.1.0.0/16' }],
        /10\.1\.0\.0\/16 overlaps with the network of dhcp\.servers\.0/,
      ],
    ];
    for (const [servers, expected] of cases) assert.match(problems(...servers).join('\n'), expected);
  });

  it('counts by ports where there are some', () => {
    const limits = { per_port: 20 };
    assert.deepEqual(problems({ interface: 'br', pools: [POOL], limits }), []);
    const wrong = /0\.limits\.per_port: counts by members of a bridge, and "(lan|10\.5\.0\.0\/24)" is none/;
    assert.match(problems({ interface: 'lan', pools: [POOL], limits }).join(), wrong);
    assert.match(problems({ subnet: '10.5.0.0/24', limits }).join(), wrong);
    assert.match(problems({ interface: 'br', limits: { per_port: 0 } }).join(), /limits\.per_port: /);
  });

  it('says what is wrong with addresses', () => {
    const cases: [object, RegExp][] = [
      [{ pools: [{ range: '10.1.0.20-10.1.0.10' }] }, /must be an address or a range/],
      [{ pools: [{ range: '10.2.0.20-10.2.0.30' }] }, /pools\.0\.range: is not inside 10\.1\.0\.0\/24/],
      [{ pools: [{ range: '10.1.0.20-10.1.1.30' }] }, /is not inside 10\.1\.0\.0\/24/],
      [
        { pools: [{ range: '10.1.0.250-10.1.0.255' }] },
        /has 10\.1\.0\.255, which is the network's own or its broadcast/,
      ],
      [
        { pools: [POOL, { range: '10.1.0.199' }] },
        /pools\.1\.range: overlaps with the pool 10\.1\.0\.100-10\.1\.0\.199/,
      ],
      [{ pools: [{ ...POOL, classes: ['nobody'] }] }, /there is no class "nobody"/],
      [{ pools: [POOL], exclude: ['10.1.0.20'] }, /exclude\.0: is in no pool/],
      [{ reservations: [{ address: '10.1.0.9' }] }, /needs mac or client_id, and not both/],
      [{ reservations: [{ mac: '02:00:00:00:00:01', address: '10.1.0.1' }] }, /is one of the box's own/],
      [
        { reservations: [{ mac: '02:00:00:00:00:01', address: '10.1.1.9' }] },
        /is not in the network that is served/,
      ],
      [
        { reservations: [{ mac: '02:00:00:00:00:01', address: '10.1.0.0' }] },
        /network's own or its broadcast address/,
      ],
      [
        {
          reservations: [
            { mac: '02:00:00:00:00:0a', address: '10.1.0.9' },
            { mac: '02:00:00:00:00:0A', address: '10.1.0.8' },
          ],
        },
        /reservations\.1: mac 02:00:00:00:00:0a has a reservation already, reservations\.0/,
      ],
      [
        {
          reservations: [
            { mac: '02:00:00:00:00:0a', address: '10.1.0.9' },
            { client_id: '01:02', address: '10.1.0.9' },
          ],
        },
        /reservations\.1\.address: is reserved already, by reservations\.0/,
      ],
      [
        { lease_time_s: 600, lease_time_max_s: 300 },
        /lease_time_max_s: is less than lease_time_s, which is 600/,
      ],
      [{ classes: [{ name: 'a', match: {} }] }, /needs something to match/],
      [
        {
          classes: [
            { name: 'a', match: { mac: '02' } },
            { name: 'a', match: { mac: '03' } },
          ],
        },
        /classes\.1\.name: there is a class "a" already/,
      ],
    ];
    for (const [server, expected] of cases)
      assert.match(problems({ interface: 'lan', ...server }).join('\n'), expected);
  });

  it('says what keeps an interface from asking for its address itself', () => {
    const ask = (name: string): string[] => {
      const interfaces = DEVICE.interfaces.map((entry) =>
        entry.name === name ? { ...entry, dhcp_client: {} } : entry,
      );
      const dhcp = { servers: [{ interface: 'lan', pools: [POOL] }] };
      const result = deviceConfigSchema.safeParse({ ...DEVICE, interfaces, dhcp });
      return (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
    };
    assert.deepEqual(ask('bare'), []);
    assert.match(ask('port').join('\n'), /interfaces\.1\.dhcp_client: "port" is a member of bridge br/);
    assert.match(ask('lan').join('\n'), /interfaces\.0\.dhcp_client: "lan" is served by dhcp\.servers/);
  });
});
