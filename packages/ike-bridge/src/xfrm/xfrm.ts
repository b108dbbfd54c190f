// XFRM as the kernel does it, for one data plane: requests in, answers and events out.
import { EINVAL, GROUP, messageName, NLM_F_ACK, NLM_F_REQUEST, NLMSG_DONE, XFRM_MSG } from './constants.js';
import type { Handler, XfrmContext } from './context.js';
import { acquireEvent, expireEvent, mappingEvent } from './events.js';
import { dueExpiry } from './expiry.js';
import { getAe, getSadInfo, getSpdInfo, newAe, newSpdInfo } from './info-requests.js';
import { migrate } from './migrate-request.js';
import { errorReply, type Message } from './netlink.js';
import { deletePolicy, flushPolicies, getPolicy, newPolicy, updatePolicy } from './policy-requests.js';
import { Refused } from './refused.js';
import { nameOf, type SaEntry } from './sa-entry.js';
import { allocateSpi, deleteSa, flushSas, getSa, newSa, removeInbound, updateSa } from './sa-requests.js';
import { Sad } from './sad.js';
import { type Repairs, SadSync } from './sad-sync.js';
import { type SaSink, SinkUnavailable, type XfrmLog } from './sink.js';
import { Spd } from './spd.js';
import { SpdStore } from './spd-store.js';
import { AllocatedSpis } from './spis.js';

const HANDLERS = new Map<number, Handler>([
  [XFRM_MSG.ALLOCSPI, allocateSpi],
  [XFRM_MSG.NEWSA, newSa],
  [XFRM_MSG.UPDSA, updateSa],
  [XFRM_MSG.DELSA, deleteSa],
  [XFRM_MSG.GETSA, getSa],
  [XFRM_MSG.FLUSHSA, flushSas],
  [XFRM_MSG.NEWPOLICY, newPolicy],
  [XFRM_MSG.UPDPOLICY, updatePolicy],
  [XFRM_MSG.DELPOLICY, deletePolicy],
  [XFRM_MSG.GETPOLICY, getPolicy],
  [XFRM_MSG.FLUSHPOLICY, flushPolicies],
  [XFRM_MSG.GETSADINFO, getSadInfo],
  [XFRM_MSG.GETSPDINFO, getSpdInfo],
  [XFRM_MSG.NEWSPDINFO, newSpdInfo],
  [XFRM_MSG.GETAE, getAe],
  [XFRM_MSG.NEWAE, newAe],
  [XFRM_MSG.MIGRATE, migrate],
]);

/** Figures of thousands of SAs keep both processes busy for a while: they are fetched for a twentieth of the time at most. */
const POLL_SHARE = 20;
const POLL_REST_FROM_MS = 1000;
const POLL_REST_MAX_MS = 5000;

/** A policy is not asked for again while charon is likely to be at it. */
const ACQUIRE_REPEAT_MS = 5000;

export interface XfrmOptions {
  sink: SaSink;
  log: XfrmLog;
  /** File that the SPD is kept in. */
  spdPath: string;
  /** Milliseconds since 1970. */
  now?: () => number;
}

export class Xfrm {
  readonly sad = new Sad();
  readonly spd = new Spd();
  readonly #context: XfrmContext;
  readonly #acquired = new WeakMap<object, number>();
  #acquireSeq = 0;
  /** When figures are fetched next. */
  #pollAtMs = 0;
  /** SAs that the data plane or the SAD lacked at the last look. */
  #different = new Set<string>();
  #ticking = false;
  #multicast: (groups: number, message: Message) => boolean = () => false;

  constructor(options: XfrmOptions) {
    const now = options.now ?? Date.now;
    const { sink, log } = options;
    this.#context = {
      sad: this.sad,
      spis: new AllocatedSpis(),
      spd: this.spd,
      store: new SpdStore(options.spdPath, log),
      sync: new SadSync({ sad: this.sad, sink, log }),
      sink,
      log,
      now,
      multicast: (groups, message) => this.#multicast(groups, message),
    };
  }

  /** Reads the SPD back. Before the first request. */
  async load(): Promise<void> {
    for (const policy of await this.#context.store.load()) this.spd.put(policy, this.#context.now());
  }

  /** Resolves when the SPD is on disk as it is. */
  flush(): Promise<void> {
    return this.#context.store.flush();
  }

  /** Where events go: the server sets it. */
  onMulticast(deliver: (groups: number, message: Message) => boolean): void {
    this.#multicast = deliver;
  }

  /** Answers a request. Never rejects: what is wrong becomes an errno, as from the kernel. */
  async handle(request: Message): Promise<Message[]> {
    const { log } = this.#context;
    if ((request.flags & NLM_F_REQUEST) === 0) return [];
    try {
      const handler = HANDLERS.get(request.type);
      if (handler === undefined) throw new Refused(EINVAL);
      const answers = await handler(this.#context, request);
      const acknowledged = (request.flags & NLM_F_ACK) !== 0 && answers.at(-1)?.type !== NLMSG_DONE;
      return acknowledged ? [...answers, errorReply(request, 0)] : answers;
    } catch (error) {
      if (error instanceof Refused) {
        const fields = { request: messageName(request.type), errno: error.errno };
        if (error.message !== '') log.warn(fields, error.message);
        else log.debug(fields, 'A request was refused.');
        return [errorReply(request, error.errno)];
      }
      log.error(
        { request: messageName(request.type), error: (error as Error).stack },
        'A request failed inside the bridge; charon was told EINVAL. This is a defect: please report it.',
      );
      return [errorReply(request, EINVAL)];
    }
  }

  /** The data plane is there (again): see SadSync.sync. */
  sync(): Promise<Repairs> {
    return this.#context.sync.sync(this.#context.now());
  }

  /**
   * Once a second or so: figures are fetched, more rarely when that takes long, lifetimes looked at, what is owed to the
   * data plane is done. True when the data plane's SAs were not those of the SAD, at this time and the last: they are to be
   * compared.
   */
  async tick(): Promise<boolean> {
    if (this.#ticking) return false;
    this.#ticking = true;
    try {
      const disagrees = await this.#poll();
      this.#context.spis.expire(this.#context.now());
      for (const entry of this.sad.all()) await this.#expire(entry);
      await this.#context.sync.retry(this.#context.now());
      return disagrees;
    } finally {
      this.#ticking = false;
    }
  }

  async #poll(): Promise<boolean> {
    const { sync, sink, now } = this.#context;
    const begunMs = now();
    // Also when the clock of the box has been set back.
    if (begunMs < this.#pollAtMs && this.#pollAtMs - begunMs <= POLL_REST_MAX_MS) return false;
    const before = this.#different;
    this.#different = new Set();
    try {
      const present = await sink.poll();
      for (const figures of present) sync.observe(figures, figures.counters);
      // An SA that comes or goes at this very moment looks different once.
      this.#different = new Set(sync.difference(present));
      const restMs = Math.min(POLL_SHARE * (now() - begunMs), POLL_REST_MAX_MS);
      this.#pollAtMs = restMs < POLL_REST_FROM_MS ? 0 : now() + restMs;
      return [...this.#different].some((name) => before.has(name));
    } catch (error) {
      // Lifetimes by time go on without the data plane, and its absence is told by whoever connects to it.
      if (error instanceof SinkUnavailable) return false;
      this.#context.log.warn({ error: (error as Error).message }, 'The data plane gave no SA counters.');
      return false;
    }
  }

  async #expire(entry: SaEntry): Promise<void> {
    const due = dueExpiry(entry, this.#context.now());
    if (due === 'soft') this.#softExpire(entry);
    if (due !== 'hard') return;
    const message = expireEvent(entry, true);
    this.sad.remove(entry);
    await this.#context.sync.remove(entry);
    this.#context.log.info({ sa: nameOf(entry) }, 'An SA reached the end of its life and was removed.');
    this.#context.multicast(GROUP.EXPIRE, message);
  }

  #softExpire(entry: SaEntry): void {
    // While charon is away nobody would hear it: it is raised once charon is back.
    if (!this.#context.multicast(GROUP.EXPIRE, expireEvent(entry, false))) return;
    entry.softExpired = true;
    this.#context.log.info({ sa: nameOf(entry) }, 'An SA is due for replacement.');
  }

  /** The data plane says that an SA's sequence numbers run out: charon is asked, once, to replace it. */
  sequenceLow(key: { dst: string; spi: number }): void {
    const entry = this.sad.get(key);
    if (entry === undefined || entry.softExpired) return;
    entry.softDue = true;
    this.#softExpire(entry);
  }

  /** A packet met a tunnel without an SA. False when no policy covers it. */
  acquire(packet: { if_id: number; src: string; dst: string; protocol: number }): boolean {
    const policy = this.spd.match(packet.if_id, packet.src, packet.dst, packet.protocol);
    if (policy === undefined) return false;
    const now = this.#context.now();
    if (now - (this.#acquired.get(policy) ?? Number.NEGATIVE_INFINITY) < ACQUIRE_REPEAT_MS) return true;
    this.#acquireSeq = (this.#acquireSeq + 1) >>> 0;
    const message = acquireEvent(policy, packet, this.#acquireSeq);
    if (message === null) return false;
    if (this.#context.multicast(GROUP.ACQUIRE, message)) this.#acquired.set(policy, now);
    return true;
  }

  /** An authenticated packet of an inbound SA came from elsewhere than before (RFC 7296 section 2.23). */
  mapping(key: { dst: string; spi: number }, address: string, port: number): void {
    const entry = this.sad.get(key);
    if (entry !== undefined) this.#context.multicast(GROUP.MAPPING, mappingEvent(entry, address, port));
  }

  /**
   * Takes SAs out that nobody wants any more: outbound ones first, because what then leaves by another SA has the peer go
   * over to that, too.
   */
  async drop(keys: readonly { dst: string; spi: number }[]): Promise<void> {
    const entries = keys.map((key) => this.sad.remove(key)).filter((entry) => entry !== undefined);
    for (const entry of entries.filter(({ direction }) => direction === 'out'))
      await this.#context.sync.remove(entry);
    for (const entry of entries.filter(({ direction }) => direction === 'in'))
      await removeInbound(this.#context, entry);
  }
}
