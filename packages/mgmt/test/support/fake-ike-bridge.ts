// An IKE bridge that answers with fixed figures over real sockets.
import {
  type ActorServer,
  type DebugLine,
  ikeBridgeContract,
  type PolicyReport,
  type ReplyOf,
  SluiceError,
  serve,
} from '@sluice/shared';
import { SILENT, unused } from './fake-process.js';

const IKE: ReplyOf<typeof ikeBridgeContract, 'show-ike'> = {
  ike_sas: [
    {
      name: 'hq',
      unique_id: '1',
      version: 2,
      state: 'ESTABLISHED',
      local_address: '192.0.2.1',
      local_id: 'branch',
      remote_address: '198.51.100.1',
      remote_id: 'hq',
      initiator: true,
      algorithm: 'AES_GCM_16-256/PRF_HMAC_SHA2_384/CURVE_25519',
      established_s: 90,
      rekey_in_s: 13_000,
      local_vips: ['10.9.0.7'],
      remote_vips: [],
      children: [
        {
          name: 'hq',
          unique_id: '2',
          state: 'INSTALLED',
          if_id: 7,
          spi_in: 0xc0ffee,
          spi_out: 0xbadcafe,
          algorithm: 'AES_GCM_16-256',
          encap: false,
          local_ts: ['10.1.0.0/16'],
          remote_ts: ['10.2.0.0/16'],
          installed_s: 89,
          rekey_in_s: 3300,
          packets_in: 10,
          bytes_in: 840,
          packets_out: 11,
          bytes_out: 924,
        },
      ],
    },
  ],
  problems: ['hq cannot be rekeyed: the peer refuses it.'],
};

const POLICIES: PolicyReport[] = [
  {
    interface: 'dc',
    if_id: 9,
    direction: 'out',
    selector: {
      src: '10.1.0.0/16',
      dst: '10.3.0.0/16',
      protocol: 6,
      src_ports: [0, 65_535],
      dst_ports: [443, 443],
    },
    priority: 1,
    waits: true,
  },
];

/** What a peer wrote is not what a terminal does. */
const LINE: DebugLine = {
  at_ms: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  group: 'IKE',
  connection: 'hq',
  unique_id: '3',
  message: 'received \u001b[2Jvendor ID',
};

export async function fakeIkeBridge(runDir: string): Promise<ActorServer<typeof ikeBridgeContract>> {
  const status = () => ({
    instance: server.instance,
    revision: 3,
    converged: true,
    problems: [],
    charon: 'up' as const,
  });
  let read = false;
  const server: ActorServer<typeof ikeBridgeContract> = await serve(ikeBridgeContract, {
    runDir,
    log: SILENT,
    handlers: {
      apply: unused,
      status,
      'show-ike': () => IKE,
      initiate: ({ child }) =>
        child === 'hq'
          ? { initiated: true, reason: null }
          : { initiated: false, reason: 'there is no CHILD_SA of that name' },
      'show-policies': () => ({ policies: POLICIES }),
      'clear-ike': ({ peer }) => ({
        connections:
          peer === 'nobody'
            ? []
            : [
                { connection: 'hq', ended: 1, outcome: 'up', reason: null },
                { connection: 'van', ended: 0, outcome: 'waits', reason: null },
                ...(peer === 'both'
                  ? [{ connection: 'dc', ended: 2, outcome: 'failed' as const, reason: 'It is away.' }]
                  : []),
              ],
      }),
      'clear-sa': ({ which }) => ({
        children:
          which === 'nobody'
            ? []
            : [{ connection: 'hq', child: 'net', spi_in: 0xc0ffee, spi_out: 0xbadcafe, problem: null }],
        removed: which === '0x1' ? [1] : [],
      }),
      'debug-start': ({ peer }) => {
        if (peer !== 'hq') throw new SluiceError('no-peer', `No connection is named "${peer}".`);
        read = false;
        return { session: 's', connections: ['hq'] };
      },
      'debug-read': () => {
        const first = !read;
        read = true;
        return { lines: first ? [LINE] : [], lost: first ? 0 : 7 };
      },
      'debug-stop': () => ({}),
      terminate: ({ connection }) => ({ terminated: connection === 'hq' ? 1 : 0 }),
    },
    snapshots: { status, ike: () => ({ ike_sas: [] }) },
  });
  return server;
}
