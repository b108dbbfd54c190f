// C structures of the kernel's headers, declared as they are written there and laid out by the rules of
// the 64-bit Linux ABIs: every member at a multiple of its alignment, the whole padded to the largest.
// Integers are little-endian, as on every machine that Sluice runs on, unless they are __be16 or __be32.

export interface Field<T> {
  readonly size: number;
  readonly align: number;
  read(bytes: Buffer, at: number): T;
  write(bytes: Buffer, at: number, value: T): void;
}

export type ValueOf<F> = F extends Field<infer T> ? T : never;

type Members = Record<string, Field<unknown>>;
type StructValue<M extends Members> = { [K in keyof M]: ValueOf<M[K]> };

export interface Struct<M extends Members> extends Field<StructValue<M>> {
  /** As in the header, without `struct`. */
  readonly name: string;
  /** Octets from the structure's start to each member. */
  readonly offsets: { readonly [K in keyof M]: number };
}

export function struct<M extends Members>(name: string, members: M): Struct<M> {
  const entries = Object.entries(members);
  const offsets: Record<string, number> = {};
  let end = 0;
  let align = 1;
  for (const [member, field] of entries) {
    offsets[member] = end = roundUp(end, field.align);
    end += field.size;
    align = Math.max(align, field.align);
  }
  return {
    name,
    align,
    size: roundUp(end, align),
    offsets: offsets as Struct<M>['offsets'],
    read(bytes, at) {
      const value: Record<string, unknown> = {};
      for (const [member, field] of entries) value[member] = field.read(bytes, at + offsets[member]!);
      return value as StructValue<M>;
    },
    write(bytes, at, value) {
      for (const [member, field] of entries) {
        field.write(bytes, at + offsets[member]!, value[member as keyof M]);
      }
    },
  };
}

/** The structure in a buffer of its own; padding is zero. */
export function encode<T>(field: Field<T>, value: T): Buffer {
  const bytes = Buffer.alloc(field.size);
  field.write(bytes, 0, value);
  return bytes;
}

/** The structure at the start of the bytes, or null when they are too short for it. */
export function decode<T>(field: Field<T>, bytes: Buffer, at = 0): T | null {
  return bytes.length - at < field.size ? null : field.read(bytes, at);
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

export const u8: Field<number> = {
  size: 1,
  align: 1,
  read: (bytes, at) => bytes.readUInt8(at),
  write: (bytes, at, value) => void bytes.writeUInt8(value, at),
};

export const u16: Field<number> = {
  size: 2,
  align: 2,
  read: (bytes, at) => bytes.readUInt16LE(at),
  write: (bytes, at, value) => void bytes.writeUInt16LE(value, at),
};

export const u32: Field<number> = {
  size: 4,
  align: 4,
  read: (bytes, at) => bytes.readUInt32LE(at),
  write: (bytes, at, value) => void bytes.writeUInt32LE(value, at),
};

export const i32: Field<number> = {
  size: 4,
  align: 4,
  read: (bytes, at) => bytes.readInt32LE(at),
  write: (bytes, at, value) => void bytes.writeInt32LE(value, at),
};

export const be16: Field<number> = {
  size: 2,
  align: 2,
  read: (bytes, at) => bytes.readUInt16BE(at),
  write: (bytes, at, value) => void bytes.writeUInt16BE(value, at),
};

export const be32: Field<number> = {
  size: 4,
  align: 4,
  read: (bytes, at) => bytes.readUInt32BE(at),
  write: (bytes, at, value) => void bytes.writeUInt32BE(value, at),
};

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/**
 * All ones (linux/xfrm.h, XFRM_INF) is Infinity. Other values beyond 2^53 lose their lowest bits: limits
 * and counts of that size are out of reach.
 */
export const u64: Field<number> = {
  size: 8,
  align: 8,
  read(bytes, at) {
    const value = bytes.readBigUInt64LE(at);
    return value === ALL_ONES ? Number.POSITIVE_INFINITY : Number(value);
  },
  write(bytes, at, value) {
    bytes.writeBigUInt64LE(value >= 2 ** 64 ? ALL_ONES : BigInt(Math.trunc(value)), at);
  },
};

/** Octets as they are, copied out. */
export function octets(size: number, align = 1): Field<Buffer> {
  return {
    size,
    align,
    read: (bytes, at) => Buffer.from(bytes.subarray(at, at + size)),
    write: (bytes, at, value) => void value.copy(bytes, at, 0, size),
  };
}

/** A C string in an array of `size` characters, the closing NUL included. */
export function cString(size: number): Field<string> {
  return {
    size,
    align: 1,
    read(bytes, at) {
      const text = bytes.subarray(at, at + size);
      const end = text.indexOf(0);
      return text.toString('latin1', 0, end < 0 ? size - 1 : end);
    },
    write(bytes, at, value) {
      bytes.fill(0, at, at + size);
      bytes.write(value, at, size - 1, 'latin1');
    },
  };
}
