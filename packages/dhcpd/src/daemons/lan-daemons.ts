// What Debian's daemons serve on the links: names by dnsmasq, and routers for hosts by radvd.
import { type DhcpState, type Logger, messageOf } from '@sluice/shared';
import { Advertisements } from './advertisements.js';
import { Daemons } from './daemons.js';
import { dnsmasqSpec, type LeasedName } from './dnsmasq.js';

export interface LanSources {
  /** DNS servers that interfaces of a VRF were told. */
  dnsServers(vrf: string): readonly string[];
  /** Names that clients have told, and their addresses. */
  names(): readonly LeasedName[];
}

export class LanDaemons {
  readonly #daemons: Daemons;
  readonly #advertisements: Advertisements;
  #state: DhcpState | null = null;
  #namesChanged = false;

  constructor(
    runDir: string,
    private readonly log: Logger,
    private readonly sources: LanSources,
  ) {
    this.#daemons = new Daemons(runDir, log);
    this.#advertisements = new Advertisements(runDir);
  }

  /** Errors: those of the file system. */
  async configure(state: DhcpState): Promise<void> {
    this.#state = state;
    this.#namesChanged = false;
    await this.#converge(state);
  }

  /** Leases, or servers that were learnt, are others. */
  namesChanged(): void {
    this.#namesChanged = true;
  }

  /** Whether `follow` has something to do. */
  get isBehind(): boolean {
    if (this.#state === null) return false;
    return (
      (this.#namesChanged && this.#state.forwarders.length > 0) || this.#advertisements.isBehind(Date.now())
    );
  }

  /** Brings files to what leases say now, and to lifetimes that have gone on. */
  async follow(): Promise<void> {
    if (this.#state === null) return;
    this.#namesChanged = false;
    try {
      await this.#converge(this.#state);
    } catch (error) {
      this.#namesChanged = true;
      this.log.error({ error: messageOf(error) }, 'what daemons of the links are told could not be written');
    }
  }

  get problems(): string[] {
    return this.#daemons.problems;
  }

  /** Cheap enough for every second. */
  check(): void {
    this.#daemons.check();
  }

  /** They say goodbye through the twins. */
  close(): Promise<void> {
    return this.#daemons.close();
  }

  #converge({ advertisements, forwarders }: DhcpState): Promise<void> {
    const names = this.sources.names();
    return this.#daemons.converge([
      ...this.#advertisements.specs(advertisements, Date.now()),
      ...forwarders.map((forwarder) =>
        dnsmasqSpec(forwarder, this.sources.dnsServers(forwarder.vrf), names, this.#daemons.runDir),
      ),
    ]);
  }
}
