// What a VICI message holds, and how to read it.
//
// Received sections are Maps: they keep the order and the exact names that were sent, whatever those names
// are (`1`, `__proto__`). Values stay bytes until somebody asks for text, because VICI carries arbitrary blobs.

export type ViciValue = Buffer | Buffer[] | ViciSection;
export type ViciSection = Map<string, ViciValue>;

export type ViciScalar = string | number | boolean | Uint8Array;
/**
 * What may be sent: plain objects or Maps, nested. Numbers go as decimal text, booleans as yes and no, an
 * array as a list; a key whose value is undefined is left out.
 */
export type ViciInput =
  | { readonly [name: string]: ViciInputValue | undefined }
  | ReadonlyMap<string, ViciInputValue | undefined>;
export type ViciInputValue = ViciScalar | readonly ViciScalar[] | ViciInput;

/** The text of a key/value, or undefined where there is none of that name. */
export function text(section: ViciSection | undefined, key: string): string | undefined {
  const value = section?.get(key);
  return Buffer.isBuffer(value) ? value.toString('utf8') : undefined;
}

/** The items of a list as text; empty where there is no list of that name. */
export function textList(section: ViciSection | undefined, key: string): string[] {
  const value = section?.get(key);
  return Array.isArray(value) ? value.map((item) => item.toString('utf8')) : [];
}

/** The sub-section of that name, or undefined. */
export function subsection(section: ViciSection | undefined, key: string): ViciSection | undefined {
  const value = section?.get(key);
  return value instanceof Map ? value : undefined;
}

/** All sub-sections in the order they were sent. */
export function* subsections(section: ViciSection | undefined): Generator<[string, ViciSection]> {
  for (const [key, value] of section ?? []) if (value instanceof Map) yield [key, value];
}

/** A key/value that holds a decimal number; undefined where it is missing or is not one. */
export function decimal(section: ViciSection | undefined, key: string): number | undefined {
  const value = text(section, key);
  return value !== undefined && /^-?\d+$/.test(value) ? Number(value) : undefined;
}

/** A key/value that holds a hexadecimal number without prefix, as SPIs and interface ids are reported. */
export function hexadecimal(section: ViciSection | undefined, key: string): number | undefined {
  const value = text(section, key);
  return value !== undefined && /^[0-9a-fA-F]{1,8}$/.test(value) ? Number.parseInt(value, 16) : undefined;
}

/** VICI's yes and no; a missing key is no. */
export function flag(section: ViciSection | undefined, key: string): boolean {
  return text(section, key) === 'yes';
}
