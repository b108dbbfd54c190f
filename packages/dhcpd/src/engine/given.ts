// What clients are given beside an address: options and boot fields, of the server, of classes, of a reservation.
import {
  DHCP_OPTIONS,
  type DhcpBootSection,
  type DhcpOptionKind,
  type DhcpOptionName,
  type DhcpOptionsSection,
  type DhcpOptionValue,
  type DhcpServerSection,
} from '@sluice/shared';
import { OPTION_BOOT_FILE_NAME, OPTION_TFTP_SERVER_NAME } from '../wire/codes.js';
import { encodeOptionValue, encodePlainValue } from '../wire/option-values.js';

/** Encoded options by code; one of no octets is not sent, and hides one of less weight. */
export interface Given {
  options: ReadonlyMap<number, Buffer>;
  boot: DhcpBootSection;
}

type Source = Pick<DhcpServerSection, 'options' | 'other_options' | 'boot'>;

export function compileGiven({ options, other_options: others, boot = {} }: Source): Given {
  const encoded = new Map<number, Buffer>();
  if (boot.server_name !== undefined)
    encoded.set(OPTION_TFTP_SERVER_NAME, Buffer.from(boot.server_name, 'latin1'));
  if (boot.file !== undefined) encoded.set(OPTION_BOOT_FILE_NAME, Buffer.from(boot.file, 'latin1'));
  for (const [code, value] of namedOptions(options)) encoded.set(code, value);
  for (const { code, ...value } of others) encoded.set(code, encodePlainValue(value));
  return { options: encoded, boot };
}

function namedOptions(options: DhcpOptionsSection): [number, Buffer][] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const { code, kind } = DHCP_OPTIONS[name as DhcpOptionName];
    return [[code, encodeOptionValue(kind, value as DhcpOptionValue<DhcpOptionKind>)] as [number, Buffer]];
  });
}

/** The first that has something counts. */
export function mergeGiven(all: readonly Given[]): Given {
  const options = new Map<number, Buffer>();
  let boot: DhcpBootSection = {};
  for (const given of [...all].reverse()) {
    for (const [code, value] of given.options) options.set(code, value);
    boot = { ...boot, ...given.boot };
  }
  return { options, boot };
}
