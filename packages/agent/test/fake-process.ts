// A process of the device, as the agent sees it: the real contract over real sockets, with a state to look into.
import {
  type ActorServer,
  createLogger,
  type DataplaneState,
  type DhcpState,
  dataplaneContract,
  dhcpdContract,
  type IkeState,
  ikeBridgeContract,
  SluiceError,
  serve,
} from '@sluice/shared';

export const silent = createLogger({ name: 'test', level: 'silent' });

interface Fake<Part> {
  /** Every part that it was told, in order. */
  readonly told: Part[];
  /** Refuses what it is told, with this sentence, while it is not null. */
  refusal: string | null;
  stop(): Promise<void>;
}

const unused = (): never => {
  throw new SluiceError('unused', 'this fake does not answer that');
};

export async function fakeDataplane(runDir: string): Promise<Fake<DataplaneState>> {
  const told: DataplaneState[] = [];
  const status = () => ({
    instance: server.instance,
    revision: told.at(-1)?.revision ?? null,
    converged: told.length > 0,
    problems: [],
  });
  const server: ActorServer<typeof dataplaneContract> = await serve(dataplaneContract, {
    runDir,
    log: silent,
    handlers: {
      apply: (part) => {
        if (fake.refusal !== null) throw new SluiceError('refused', fake.refusal);
        told.push(part);
        server.publish('status', status());
        return status();
      },
      status,
      'sa-install': unused,
      'sa-remove': unused,
      'sa-counters': unused,
      'sa-dump': unused,
      'assign-addresses': unused,
      'show-interfaces': unused,
      'show-routes': unused,
      'show-neighbours': unused,
      'show-bridges': unused,
      'show-macs': unused,
      'show-sa': unused,
      'show-runtime': unused,
      'show-nodes': unused,
      'nodes-reload': unused,
      'show-errors': unused,
      'clear-counters': unused,
      'clear-neighbours': unused,
      'clear-macs': unused,
      'capture-start': unused,
      'capture-status': unused,
      'capture-stop': unused,
      'trace-start': unused,
      'trace-read': unused,
    },
    snapshots: { status, sa: () => ({}), audit: () => ({}), counters: unused },
  });
  const fake: Fake<DataplaneState> = { told, refusal: null, stop: () => server.close() };
  return fake;
}

export async function fakeIkeBridge(runDir: string): Promise<Fake<IkeState>> {
  const told: IkeState[] = [];
  const status = () => ({
    instance: server.instance,
    revision: told.at(-1)?.revision ?? null,
    converged: told.length > 0,
    problems: [],
    charon: 'up' as const,
  });
  const server: ActorServer<typeof ikeBridgeContract> = await serve(ikeBridgeContract, {
    runDir,
    log: silent,
    handlers: {
      apply: (part) => {
        if (fake.refusal !== null) throw new SluiceError('refused', fake.refusal);
        told.push(part);
        server.publish('status', status());
        return status();
      },
      status,
      'show-ike': unused,
      'show-policies': unused,
      initiate: unused,
      terminate: unused,
      'clear-ike': unused,
      'clear-sa': unused,
      'debug-start': unused,
      'debug-read': unused,
      'debug-stop': unused,
    },
    snapshots: { status, ike: () => ({ ike_sas: [] }) },
  });
  const fake: Fake<IkeState> = { told, refusal: null, stop: () => server.close() };
  return fake;
}

export async function fakeDhcpd(runDir: string): Promise<Fake<DhcpState>> {
  const told: DhcpState[] = [];
  const status = () => ({
    instance: server.instance,
    revision: told.at(-1)?.revision ?? null,
    converged: told.length > 0,
    problems: [],
  });
  const server: ActorServer<typeof dhcpdContract> = await serve(dhcpdContract, {
    runDir,
    log: silent,
    handlers: {
      apply: (part) => {
        if (fake.refusal !== null) throw new SluiceError('refused', fake.refusal);
        told.push(part);
        server.publish('status', status());
        return status();
      },
      status,
      'show-leases': unused,
      'show-dhcp': unused,
      'clear-lease': unused,
    },
    snapshots: { status, leases: () => ({ leases: [] }), 'client-leases': () => ({ leases: [] }) },
  });
  const fake: Fake<DhcpState> = { told, refusal: null, stop: () => server.close() };
  return fake;
}
