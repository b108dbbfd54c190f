// Octets in the way the packet memory has them: all views of one buffer, prefilled so that an octet that nobody wrote shows.

export interface TestBuffer {
  bytes: Uint8Array;
  u16: Uint16Array;
  i32: Int32Array;
}

export function prefilled(length = 256): TestBuffer {
  const bytes = new Uint8Array(length).fill(0xa5);
  return { bytes, u16: new Uint16Array(bytes.buffer), i32: new Int32Array(bytes.buffer) };
}

/** True when nothing before `from` and nothing from `to` on was written. */
export function untouchedOutside(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes.every((octet, at) => (at >= from && at < to) || octet === 0xa5);
}
