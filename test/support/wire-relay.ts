// A cable that can be made worse: a node of its own between a gateway and its router, which relays every frame.
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Lab, LabNode, Port } from '@sluice/lab';

const PROGRAM = fileURLToPath(new URL('../../support/wire-relay.py', import.meta.url));
const [INSIDE, OUTSIDE] = ['inside', 'outside'] as const;
const DEADLINE_MS = 10_000;

export interface Impairment {
  /** Every frame waits so long, and up to the jitter more: later ones overtake it. */
  delayMs: number;
  jitterMs: number;
  /** Share of the frames that is lost, from 0 to 1. */
  loss: number;
  /** Decides which are lost, and how long each waits. */
  seed: number;
}

const NONE: Impairment = { delayMs: 0, jitterMs: 0, loss: 0, seed: 0 };

export class WireRelay {
  /** Of the relay's device to the gateway: there everything passes that the gateway has sent. */
  static readonly device = INSIDE;

  private constructor(readonly node: LabNode) {}

  /** Between two ports that are to be one link. */
  static async between(lab: Lab, inside: Port, outside: Port): Promise<WireRelay> {
    const node = await lab.host('wire');
    await Promise.all([lab.link(inside, node.port(INSIDE)), lab.link(node.port(OUTSIDE), outside)]);
    const relay = new WireRelay(node);
    await node.start(['/usr/bin/python3', PROGRAM, INSIDE, OUTSIDE, relay.#socket], {
      name: 'wire-relay',
      ready: { log: /running/ },
    });
    return relay;
  }

  get #socket(): string {
    return this.node.path('wire-relay.sock');
  }

  /** Resolves when it holds; frames that wait already leave when they were to. */
  impair({ delayMs, jitterMs, loss, seed }: Impairment): Promise<void> {
    const line = JSON.stringify({ delay_ms: delayMs, jitter_ms: jitterMs, loss, seed });
    return new Promise((resolve, reject) => {
      const socket = connect(this.#socket, () => socket.write(`${line}\n`));
      const late = AbortSignal.timeout(DEADLINE_MS);
      late.addEventListener('abort', () => socket.destroy(new Error('the wire relay does not answer')));
      socket.once('data', () => resolve());
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the wire relay did not take the impairment')));
    });
  }

  restore(): Promise<void> {
    return this.impair(NONE);
  }
}
