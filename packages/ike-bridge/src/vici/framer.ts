// Cuts the byte stream into segments, whatever pieces it arrives in.
import { ViciError } from './errors.js';
import { LENGTH_HEADER, SEGMENT_MAX } from './protocol.js';

export class Framer {
  private readonly header = Buffer.alloc(LENGTH_HEADER);
  private headerFilled = 0;
  private segment: Buffer | null = null;
  private segmentFilled = 0;

  /** True between segments; a stream that ends elsewhere was cut off. */
  get idle(): boolean {
    return this.headerFilled === 0;
  }

  /**
   * Takes what arrived and yields every segment that is now whole. Each is a buffer of its own.
   * @throws ViciError `malformed` on a length beyond the protocol's limit, before memory is taken for it
   */
  *push(chunk: Buffer): Generator<Buffer> {
    let at = 0;
    while (at < chunk.length) {
      if (this.segment === null) {
        const n = chunk.copy(this.header, this.headerFilled, at);
        this.headerFilled += n;
        at += n;
        if (this.headerFilled < LENGTH_HEADER) return;
        this.segment = this.begin(this.header.readUInt32BE(0));
        this.segmentFilled = 0;
      }
      const n = chunk.copy(this.segment, this.segmentFilled, at);
      this.segmentFilled += n;
      at += n;
      if (this.segmentFilled < this.segment.length) return;
      const whole = this.segment;
      this.segment = null;
      this.headerFilled = 0;
      yield whole;
    }
  }

  private begin(length: number): Buffer {
    if (length === 0) throw new ViciError('malformed', 'The daemon sent an empty segment.');
    if (length > SEGMENT_MAX) {
      throw new ViciError(
        'malformed',
        `The daemon announced a segment of ${length} bytes; VICI allows ${SEGMENT_MAX}. Is this its VICI socket?`,
      );
    }
    return Buffer.allocUnsafe(length); // yielded only once every byte has been filled
  }
}
