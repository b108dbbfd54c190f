// A process of the device, as the agent sees it: the real contract over real sockets, with a state to look into.
import {
  type Contract,
  createLogger,
  type DataplaneState,
  type DhcpState,
  dataplaneContract,
  dhcpdContract,
  type Handlers,
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

interface Status {
  instance: string;
  revision: number | null;
  converged: boolean;
  problems: string[];
}

/**
 * What every fake does alike: it keeps what it is told, and says that it has converged.
 *
 * @param more What the status of this process has beside that of others.
 */
async function fake<Part extends { revision: number }, More extends object>(
  more: More,
  start: (answers: { apply(part: Part): Status & More; status(): Status & More }) => Promise<{
    readonly instance: string;
    publish(topic: 'status', status: Status & More): void;
    close(): Promise<void>;
  }>,
): Promise<Fake<Part>> {
  const told: Part[] = [];
  const status = (): Status & More => ({
    instance: server.instance,
    revision: told.at(-1)?.revision ?? null,
    converged: told.length > 0,
    problems: [],
    ...more,
  });
  const made: Fake<Part> = { told, refusal: null, stop: () => server.close() };
  const server = await start({
    apply(part) {
      if (made.refusal !== null) throw new SluiceError('refused', made.refusal);
      told.push(part);
      server.publish('status', status());
      return status();
    },
    status,
  });
  return made;
}

/** Handlers of all requests of a contract: those that are given, and a refusal for each other. */
function only<C extends Contract>(contract: C, answers: Partial<Handlers<C>>): Handlers<C> {
  const others = Object.fromEntries(Object.keys(contract.requests).map((name) => [name, unused]));
  return { ...others, ...answers } as Handlers<C>;
}

export function fakeDataplane(runDir: string): Promise<Fake<DataplaneState>> {
  return fake({}, (answers) =>
    serve(dataplaneContract, {
      runDir,
      log: silent,
      handlers: only(dataplaneContract, answers),
      snapshots: { status: answers.status, sa: () => ({}), audit: () => ({}), counters: unused },
    }),
  );
}

export function fakeIkeBridge(runDir: string): Promise<Fake<IkeState>> {
  return fake({ charon: 'up' as const }, (answers) =>
    serve(ikeBridgeContract, {
      runDir,
      log: silent,
      handlers: only(ikeBridgeContract, answers),
      snapshots: { status: answers.status, ike: () => ({ ike_sas: [] }) },
    }),
  );
}

export function fakeDhcpd(runDir: string): Promise<Fake<DhcpState>> {
  return fake({}, (answers) =>
    serve(dhcpdContract, {
      runDir,
      log: silent,
      handlers: only(dhcpdContract, answers),
      snapshots: {
        status: answers.status,
        leases: () => ({ leases: [] }),
        'client-leases': () => ({ leases: [] }),
      },
    }),
  );
}
