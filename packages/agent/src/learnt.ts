// What DHCP servers have given to the device's own interfaces, as the DHCP process says it.
//
// It is kept beside the sockets, which are gone after a restart of the machine: an agent that starts again must not take
// an address away because it has not heard of it yet.
import { readFile } from 'node:fs/promises';
import {
  type ActorClient,
  connect,
  type Dhcp6ClientLease,
  type DhcpClientLease,
  dhcpClientLeasesSchema,
  dhcpdContract,
  type Logger,
  messageOf,
} from '@sluice/shared';
import { z } from 'zod';
import { readStored } from './stored.js';
import { writeDurably } from './write-durably.js';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const storedSchema = dhcpClientLeasesSchema.extend({ boot_id: z.string() });

interface Given {
  leases: DhcpClientLease[];
  leases6: Dhcp6ClientLease[];
}

export class Learnt {
  readonly #path: string;
  readonly #client: ActorClient<typeof dhcpdContract>;
  #leases: DhcpClientLease[] = [];
  #leases6: Dhcp6ClientLease[] = [];
  /** One write after the other. */
  #written: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly place: { runDir: string; log: Logger },
    private readonly onChange: () => void,
  ) {
    this.#path = `${place.runDir}/dhcp-client-leases.json`;
    this.#client = connect(dhcpdContract, place);
  }

  get leases(): readonly DhcpClientLease[] {
    return this.#leases;
  }

  get leases6(): readonly Dhcp6ClientLease[] {
    return this.#leases6;
  }

  /** Reads what was kept, and follows the DHCP process from then on. Errors: those of readStored(). */
  async start(): Promise<void> {
    const kept = await readStored(this.#path, storedSchema, 'leases');
    if (kept !== null && kept.boot_id === (await bootId())) {
      this.#leases = kept.leases;
      this.#leases6 = kept.leases6;
    }
    const take = (given: Given): void => this.#take(given);
    this.#client.subscribe('client-leases', { onSnapshot: take, onEvent: take });
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#written;
  }

  #take({ leases, leases6 }: Given): void {
    if (JSON.stringify([leases, leases6]) === JSON.stringify([this.#leases, this.#leases6])) return;
    this.#leases = leases;
    this.#leases6 = leases6;
    this.onChange();
    this.#written = this.#written
      .then(async () => {
        const stored = { boot_id: await bootId(), leases, leases6 };
        await writeDurably(this.#path, `${JSON.stringify(stored)}\n`, 0o600);
      })
      .catch((error: unknown) =>
        this.place.log.error({ error: messageOf(error) }, 'leases could not be kept'),
      );
  }
}

async function bootId(): Promise<string> {
  return (await readFile(BOOT_ID, 'utf8')).trim();
}
