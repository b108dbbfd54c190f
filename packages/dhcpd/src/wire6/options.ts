// Options of DHCPv6: two octets of code, two of length, the value (RFC 8415 section 21.1). Some may be there several times.

const HEADER_BYTES = 4;
/** Options of one message: stock clients send ten or so. */
const OPTIONS_MAX = 128;

export class Options6 {
  readonly #values = new Map<number, Buffer[]>();

  /** Null for what is cut short, or has more options than any client sends. Values are views of `bytes`. */
  static parse(bytes: Buffer, from = 0): Options6 | null {
    const options = new Options6();
    let count = 0;
    let at = from;
    while (at < bytes.length) {
      if (at + HEADER_BYTES > bytes.length || ++count > OPTIONS_MAX) return null;
      const end = at + HEADER_BYTES + bytes.readUInt16BE(at + 2);
      if (end > bytes.length) return null;
      const code = bytes.readUInt16BE(at);
      const values = options.#values.get(code);
      const value = bytes.subarray(at + HEADER_BYTES, end);
      if (values === undefined) options.#values.set(code, [value]);
      else values.push(value);
      at = end;
    }
    return options;
  }

  /** Of an option that is there once; undefined when it is not, or several times. */
  get(code: number): Buffer | undefined {
    const values = this.#values.get(code);
    return values?.length === 1 ? values[0] : undefined;
  }

  all(code: number): readonly Buffer[] {
    return this.#values.get(code) ?? [];
  }

  has(code: number): boolean {
    return this.#values.has(code);
  }
}

export function option6(code: number, ...parts: Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(code, 0);
  header.writeUInt16BE(length, 2);
  return Buffer.concat([header, ...parts]);
}

export function words32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value >>> 0, 4 * i);
  });
  return bytes;
}

export function readAddress(bytes: Buffer, at: number): bigint {
  return (bytes.readBigUInt64BE(at) << 64n) | bytes.readBigUInt64BE(at + 8);
}

export function address6(value: bigint): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(value >> 64n, 0);
  bytes.writeBigUInt64BE(value & 0xffff_ffff_ffff_ffffn, 8);
  return bytes;
}

/** RFC 8415 section 10: names of RFC 1035, never compressed. */
export function names6(domains: readonly string[]): Buffer {
  return Buffer.concat(
    domains.flatMap((domain) => [
      ...domain
        .split('.')
        .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
      Buffer.from([0]),
    ]),
  );
}
