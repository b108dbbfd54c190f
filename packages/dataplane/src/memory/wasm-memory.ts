// Page-aligned shared memory: neither ECMAScript's library types nor those of Node.js 20 declare it.

/** A shared WebAssembly.Memory: its buffer is one plain, page-aligned mapping that native code may use. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
}

const WASM_PAGE = 65_536;

const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Memory: new (size: { initial: number; maximum: number; shared: true }) => WasmMemory };
};

/** At least `bytes` of shared memory, zero, and committed by the kernel only as it is touched. */
export function allocateWasmMemory(bytes: number): WasmMemory {
  const pages = Math.ceil(bytes / WASM_PAGE);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}
