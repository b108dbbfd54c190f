// What the handlers of XFRM requests share.
import type { Message } from './netlink.js';
import type { Sad } from './sad.js';
import type { SadSync } from './sad-sync.js';
import type { SaSink, XfrmLog } from './sink.js';
import type { Spd } from './spd.js';
import type { SpdStore } from './spd-store.js';
import type { AllocatedSpis } from './spis.js';

export interface XfrmContext {
  sad: Sad;
  spis: AllocatedSpis;
  spd: Spd;
  store: SpdStore;
  sync: SadSync;
  sink: SaSink;
  log: XfrmLog;
  /** Milliseconds since 1970. */
  now(): number;
  /** Sends a message to every socket bound to one of the groups. False when there is none. */
  multicast(groups: number, message: Message): boolean;
}

/** Throws Refused; what it returns goes before the acknowledgement that was asked for. */
export type Handler = (context: XfrmContext, request: Message) => Promise<Message[]> | Message[];
