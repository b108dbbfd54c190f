// A way to a syslog server, for as long as it lasts.

export interface Delivery {
  /** Messages that did not leave, and are not sent again. */
  lost: number;
  /** Why. */
  problem: string | null;
}

export interface Channel {
  /** Rejects when the channel is broken: the messages may be sent again by another one. */
  send(messages: readonly Buffer[]): Promise<Delivery>;
  /** Resolves, with what happened, when the other end has closed it, or it broke. */
  readonly ended: Promise<string>;
  close(): void;
}

/** A server's address, looked up. */
export interface Place {
  address: string;
  family: 4 | 6;
  port: number;
  /** Path of the network namespace; empty: where the process is. */
  namespace: string;
}

/** RFC 5426 section 3.2 and RFC 5425 section 4.3.1: what every receiver should take. */
export const MESSAGE_BYTES_MAX = { udp: 2048, tls: 8192 } as const;
