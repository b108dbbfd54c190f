// GRE (RFC 2784) with its key and sequence number (RFC 2890).

/** Flags and version, protocol type. */
export const GRE_BYTES = 4;
export const GRE_PROTOCOL = 2;
/** Each of checksum with its reserved half, key and sequence number takes so many octets more, in this order. */
export const GRE_FIELD_BYTES = 4;

export const GRE_CHECKSUM = 0x8000;
export const GRE_KEY = 0x2000;
const GRE_SEQUENCE = 0x1000;
/**
 * Bits that must be zero: RFC 2784 section 2.3 has a receiver discard what has one of bits 1 to 5 that it does not
 * know (2 and 3 are RFC 2890's), and any other version than 0.
 */
export const GRE_REFUSED = 0x4c07;

/** Octets of a header with these flags. */
export function greBytes(flags: number): number {
  return (
    GRE_BYTES +
    (flags & GRE_CHECKSUM ? GRE_FIELD_BYTES : 0) +
    (flags & GRE_KEY ? GRE_FIELD_BYTES : 0) +
    (flags & GRE_SEQUENCE ? GRE_FIELD_BYTES : 0)
  );
}
