// A configuration that is right, for tests that make one thing of it wrong.
import type { DeviceConfigInput } from '../../src/index.js';

export function validConfig() {
  return {
    schema: 1,
    vrfs: [{ name: 'default' }, { name: 'guests' }],
    interfaces: [
      { name: 'wan', device: 'eth0', addresses: ['198.51.100.2/30'] },
      { name: 'lan', device: 'eth1', addresses: ['10.1.0.1/24'] },
    ],
    tunnels: [{ name: 'tun-hq', addresses: ['169.254.1.1/30'] }],
    routes: [
      { prefix: '0.0.0.0/0', next_hop: '198.51.100.1' },
      { prefix: '10.2.0.0/24', interface: 'tun-hq' },
    ],
    ike: {
      connections: [
        {
          name: 'hq',
          local: { address: '198.51.100.2' },
          remote: { address: '203.0.113.2' },
          psk: { file: '/etc/sluice/hq.psk' },
          children: [{ name: 'net', tunnel: 'tun-hq' }],
        },
      ],
    },
  } satisfies DeviceConfigInput;
}
