// The link of an interface: frames in and out by its twin, for as long as that is there.
import { constants } from 'node:os';
import { messageOf } from '@sluice/shared';
import { META_UNCHECKED, native } from './native.js';
import { Socket } from './socket.js';

export type OnFrame = (link: Link, frame: Buffer, udpUnchecked: boolean) => void;

export class Link {
  /** Of the twin, and so of the interface. */
  readonly mac = Buffer.alloc(6);
  /** Why it is not there; null while it is. */
  problem: string | null = 'has not been looked for yet';
  #socket: Socket | null = null;

  constructor(
    readonly name: string,
    readonly vrf: string,
    private readonly namespace: string,
    private readonly onFrame: OnFrame,
  ) {}

  /** Opens the socket, and anew after the twin has been made anew. */
  check(): void {
    try {
      const index = native().linkIndex(this.namespace, this.name);
      if (this.#socket !== null && native().linkAddress(this.#socket.fd, this.mac) !== index) this.#close();
      if (index === 0) {
        this.problem = `${this.name} is not there, or not up`;
        this.#close();
        return;
      }
      if (this.#socket === null) this.#open();
      this.problem = null;
    } catch (error) {
      this.problem = `${this.name} cannot be served: ${messageOf(error)}`;
      this.#close();
    }
  }

  /** False when Linux did not take it. */
  send(frame: Uint8Array): boolean {
    return this.#socket !== null && native().sendFrame(this.#socket.fd, frame) === frame.length;
  }

  close(): void {
    this.#close();
  }

  #open(): void {
    const fd = native().openLink(this.namespace, this.name);
    this.#socket = new Socket(
      fd,
      (frame, meta) => this.onFrame(this, frame, meta[META_UNCHECKED] !== 0),
      // The device went down: the socket hears when it is up again, unless it is another one then.
      (errno) => {
        if (errno !== constants.errno.ENETDOWN) this.#close();
      },
    );
    native().linkAddress(fd, this.mac);
  }

  #close(): void {
    this.#socket?.close();
    this.#socket = null;
  }
}
