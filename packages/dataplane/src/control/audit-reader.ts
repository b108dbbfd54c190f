// The control side of IPsec's audit log (RFC 4303 section 4): takes the workers' records and passes them on, and says
// how many there were none of.
import { type AuditEvent, formatIp4, formatIp6 } from '@sluice/shared';
import {
  AUDIT_FLOW,
  AUDIT_INNER,
  AUDIT_INNER_DST_PORT,
  AUDIT_INNER_PROTOCOL,
  AUDIT_INNER_SRC_PORT,
  AUDIT_INTERFACE,
  AUDIT_OUTER,
  AUDIT_REASON,
  AUDIT_REASONS,
  AUDIT_SEQUENCE_HIGH,
  AUDIT_SEQUENCE_LOW,
  AUDIT_SPI,
  AUDIT_WORDS,
} from '../graph/audit.js';
import { SpscRing } from '../memory/spsc-ring.js';

const TWO_32 = 4294967296;
/** What was suppressed is told once in so long. */
const SUPPRESSED_MS = 1_000;

type Refused = Extract<AuditEvent, { kind: 'refused' }>;

export class AuditReader {
  private readonly rings: SpscRing[];
  private readonly suppressed: Int32Array;
  private readonly told: Int32Array;
  private readonly record = new Int32Array(AUDIT_WORDS);
  private toldAt = 0;

  /** @param nameOf the name of an interface by its row. */
  constructor(
    rings: readonly SharedArrayBuffer[],
    suppressed: SharedArrayBuffer,
    private readonly nameOf: (row: number) => string | null,
    private readonly publish: (event: AuditEvent) => void,
  ) {
    this.rings = rings.map((buffer) => new SpscRing(buffer));
    this.suppressed = new Int32Array(suppressed);
    this.told = new Int32Array(this.suppressed.length);
  }

  /** Passes on what there is. `now` in milliseconds since 1970. */
  tick(now: number): void {
    for (const ring of this.rings) {
      while (ring.popMany(this.record, 0, AUDIT_WORDS) === AUDIT_WORDS) this.publish(this.eventOf(now));
    }
    if (now >= this.toldAt && now - this.toldAt < SUPPRESSED_MS) return;
    let count = 0;
    for (let i = 0; i < this.told.length; i++) {
      const seen = Atomics.load(this.suppressed, i);
      count += (seen - this.told[i]!) >>> 0;
      this.told[i] = seen;
    }
    if (count === 0) return;
    this.toldAt = now;
    this.publish({ kind: 'suppressed', at_ms: now, count });
  }

  private eventOf(now: number): Refused {
    const { record } = this;
    const reason = AUDIT_REASONS[record[AUDIT_REASON]! - 1];
    if (reason === undefined) throw new Error(`an audit record has reason ${record[AUDIT_REASON]}`);
    const inner = this.addresses(AUDIT_INNER);
    const port = (at: number): number | null => (record[at]! < 0 ? null : record[at]!);
    return {
      kind: 'refused',
      at_ms: now,
      reason,
      spi: record[AUDIT_SPI]! >>> 0,
      sequence: (record[AUDIT_SEQUENCE_HIGH]! >>> 0) * TWO_32 + (record[AUDIT_SEQUENCE_LOW]! >>> 0),
      interface: this.nameOf(record[AUDIT_INTERFACE]!),
      outer: this.addresses(AUDIT_OUTER),
      flow_label: port(AUDIT_FLOW),
      inner:
        inner === null
          ? null
          : {
              ...inner,
              protocol: record[AUDIT_INNER_PROTOCOL]!,
              src_port: port(AUDIT_INNER_SRC_PORT),
              dst_port: port(AUDIT_INNER_DST_PORT),
            },
    };
  }

  private addresses(at: number): { src: string; dst: string } | null {
    const family = this.record[at]!;
    if (family === 0) return null;
    const text = (from: number): string =>
      family === 4 ? formatIp4(this.record[from]! >>> 0) : formatIp6(this.record.subarray(from, from + 4));
    return { src: text(at + 1), dst: text(at + 5) };
  }
}
