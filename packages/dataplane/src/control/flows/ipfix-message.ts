// An IPFIX message that is being made (RFC 7011 section 3): a header, then sets of records.

/** With the headers of UDP and IPv6, 1,400 octets: fits every path that is worth exporting by. */
const MESSAGE_BYTES = 1_352;
const HEADER_BYTES = 16;
const SET_HEADER_BYTES = 4;
const VERSION = 10;
const NO_SET = -1;

export const SET_TEMPLATES = 2;
export const SET_OPTIONS_TEMPLATES = 3;

export class IpfixMessage {
  readonly bytes = new Uint8Array(MESSAGE_BYTES);
  readonly view = new DataView(this.bytes.buffer);
  /** Octets so far. */
  length = HEADER_BYTES;
  /** Data records in it, those of options included: what sequence numbers count. */
  records = 0;
  private setAt = HEADER_BYTES;
  private set = NO_SET;

  get isEmpty(): boolean {
    return this.length === HEADER_BYTES;
  }

  clear(): void {
    this.length = HEADER_BYTES;
    this.records = 0;
    this.set = NO_SET;
  }

  /** Where a record of so many octets is to be written, in a set of this id; -1 when it does not fit any more. */
  add(set: number, octets: number): number {
    const begins = set !== this.set;
    if (this.length + octets + (begins ? SET_HEADER_BYTES : 0) > MESSAGE_BYTES) return -1;
    if (begins) {
      this.set = set;
      this.setAt = this.length;
      this.view.setUint16(this.setAt, set);
      this.length += SET_HEADER_BYTES;
    }
    const at = this.length;
    this.length += octets;
    this.view.setUint16(this.setAt + 2, this.length - this.setAt);
    if (set > SET_OPTIONS_TEMPLATES) this.records++;
    return at;
  }

  /** `now` in milliseconds since 1970; `sequence` of the data records that were sent before. */
  finish(now: number, sequence: number, domain: number): void {
    this.view.setUint16(0, VERSION);
    this.view.setUint16(2, this.length);
    this.view.setUint32(4, Math.floor(now / 1000));
    this.view.setUint32(8, sequence);
    this.view.setUint32(12, domain);
  }
}
