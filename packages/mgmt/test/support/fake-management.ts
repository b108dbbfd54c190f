// A management process that answers with fixed figures over real sockets.
import { type ActorServer, managementContract, serve } from '@sluice/shared';
import { SILENT } from './fake-process.js';

export function fakeManagement(runDir: string): Promise<ActorServer<typeof managementContract>> {
  return serve(managementContract, {
    runDir,
    log: SILENT,
    handlers: {
      'show-logging': () => ({
        servers: [
          { server: 'udp://192.0.2.9:514', state: 'up', problem: null, sent: 1234, queued: 0, lost: 0 },
          {
            server: 'tls://logs.example:6514 in VRF blue',
            state: 'down',
            problem: 'its certificate has expired: renew it there',
            sent: 0,
            queued: 10_000,
            lost: 77,
          },
        ],
      }),
    },
    snapshots: {},
  });
}
