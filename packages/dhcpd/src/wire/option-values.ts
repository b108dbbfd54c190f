// Values of options, from the configuration into octets: a function for each kind.
import {
  type DhcpOptionKind,
  type DhcpOptionValue,
  type DhcpSuboption,
  networkOf,
  parseIp4,
  parseIp4Prefix,
} from '@sluice/shared';
import { encodedBytes, writeOption } from './options.js';

type Encoders = { [Kind in DhcpOptionKind]: (value: DhcpOptionValue<Kind>) => Buffer };

/** RFC 1035 section 4.1.4: the two high bits of a pointer. */
const POINTER = 0xc000;
const POINTER_MAX = 0x3fff;

const ENCODERS: Encoders = {
  ip4: encodeAddress,
  ip4_list: (list) => Buffer.concat(list.map(encodeAddress)),
  ip4_pairs: (list) => Buffer.concat(list.flatMap((pair) => pair.map(encodeAddress))),
  u8: (value) => Buffer.from([value]),
  u16: encodeU16,
  u32: encodeU32,
  i32: (value) => encodeU32(value >>> 0),
  flag: (value) => Buffer.from([value ? 1 : 0]),
  text: (value) => Buffer.from(value, 'latin1'),
  domain_list: encodeDomains,
  routes: (list) => Buffer.concat(list.map(encodeRoute)),
  // RFC 3361 section 3: 1 says that addresses follow, 0 that names do.
  sip_servers: (list) => Buffer.concat([Buffer.from([1]), ...list.map(encodeAddress)]),
  suboptions: encodeSuboptions,
  enterprises: (list) =>
    Buffer.concat(
      list.flatMap(({ enterprise, options }) => {
        const data = encodeSuboptions(options);
        return [encodeU32(enterprise), Buffer.from([data.length]), data];
      }),
    ),
};

export function encodeOptionValue<Kind extends DhcpOptionKind>(
  kind: Kind,
  value: DhcpOptionValue<Kind>,
): Buffer {
  return ENCODERS[kind](value);
}

type PlainValue = Partial<Omit<DhcpSuboption, 'code'>>;

/** Of an option or suboption that the configuration gives by code. */
export function encodePlainValue({ ip4, text, u8, u16, u32, hex }: PlainValue): Buffer {
  if (ip4 !== undefined) return encodeAddress(ip4);
  if (text !== undefined) return Buffer.from(text, 'latin1');
  if (u8 !== undefined) return Buffer.from([u8]);
  if (u16 !== undefined) return encodeU16(u16);
  if (u32 !== undefined) return encodeU32(u32);
  return Buffer.from((hex ?? '').replace(/[: ]/g, ''), 'hex');
}

function encodeSuboptions(list: readonly DhcpSuboption[]): Buffer {
  const values = list.map((entry) => ({ code: entry.code, value: encodePlainValue(entry) }));
  const bytes = Buffer.alloc(values.reduce((sum, { value }) => sum + encodedBytes(value), 0));
  let at = 0;
  for (const { code, value } of values) at = writeOption(bytes, at, code, value);
  return bytes;
}

export function encodeAddress(text: string): Buffer {
  return encodeU32(parseIp4(text) ?? 0);
}

export function encodeU32(value: number): Buffer {
  // Of Node's pool, several for each answer; all four octets are written.
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function encodeU16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** RFC 3442: the length, as many octets of the destination as it covers, the router. */
function encodeRoute({ to, via }: { to: string; via: string }): Buffer {
  const prefix = parseIp4Prefix(to) ?? { address: 0, length: 0 };
  const destination = encodeU32(networkOf(prefix)).subarray(0, Math.ceil(prefix.length / 8));
  return Buffer.concat([Buffer.from([prefix.length]), destination, encodeAddress(via)]);
}

/** RFC 3397 section 2: names as RFC 1035 compresses them, within the option. */
function encodeDomains(domains: readonly string[]): Buffer {
  const bytes: number[] = [];
  const seen = new Map<string, number>();
  for (const domain of domains) {
    let rest = domain.replace(/\.$/, '');
    for (;;) {
      const known = seen.get(rest.toLowerCase());
      if (known !== undefined) {
        bytes.push((POINTER | known) >>> 8, known & 255);
        break;
      }
      if (bytes.length <= POINTER_MAX) seen.set(rest.toLowerCase(), bytes.length);
      const dot = rest.indexOf('.');
      const label = dot < 0 ? rest : rest.slice(0, dot);
      bytes.push(label.length, ...Buffer.from(label, 'latin1'));
      if (dot < 0) {
        bytes.push(0);
        break;
      }
      rest = rest.slice(dot + 1);
    }
  }
  return Buffer.from(bytes);
}
