// What charon's list-sas says, in the terms of the bridge's messages.
import type { ChildSaReport, IkeSaReport } from '@sluice/shared';
import {
  decimal,
  flag,
  hexadecimal,
  listSas,
  type SaSelector,
  subsection,
  subsections,
  text,
  textList,
  type ViciSection,
  type ViciSender,
} from '../vici/index.js';

/** One IKE_SA as charon lists it, under the name of its connection. */
export interface ListedSa {
  connection: string;
  section: ViciSection;
}

/** Several may have the same connection: during a rekeying, or after a restart of either side. */
export async function collectSas(sender: ViciSender, selector: SaSelector = {}): Promise<ListedSa[]> {
  const sas: ListedSa[] = [];
  for await (const event of listSas(sender, selector)) {
    for (const [connection, section] of subsections(event)) sas.push({ connection, section });
  }
  return sas;
}

/** SAs by the names of their connections. */
export function byConnection(sas: readonly ListedSa[]): Map<string, ListedSa[]> {
  const groups = new Map<string, ListedSa[]>();
  for (const sa of sas) {
    const group = groups.get(sa.connection);
    if (group === undefined) groups.set(sa.connection, [sa]);
    else group.push(sa);
  }
  return groups;
}

/** Times are seconds; null where charon reports none, such as those of an SA that is not yet established. */
export function ikeSaReport({ connection, section }: ListedSa): IkeSaReport {
  const read = (key: string): string => text(section, key) ?? '';
  return {
    name: connection,
    unique_id: read('uniqueid'),
    version: decimal(section, 'version') ?? 0,
    state: read('state'),
    local_address: read('local-host'),
    local_id: read('local-id'),
    remote_address: read('remote-host'),
    remote_id: read('remote-id'),
    initiator: flag(section, 'initiator'),
    algorithm: algorithm(section),
    established_s: decimal(section, 'established') ?? null,
    rekey_in_s: decimal(section, 'rekey-time') ?? null,
    local_vips: textList(section, 'local-vips'),
    remote_vips: textList(section, 'remote-vips'),
    children: [...subsections(subsection(section, 'child-sas'))].map(([, child]) => childSaReport(child)),
  };
}

/** SPIs and interface id are 0 until the SA has them. */
export function childSaReport(section: ViciSection): ChildSaReport {
  const read = (key: string): string => text(section, key) ?? '';
  return {
    name: read('name'),
    unique_id: read('uniqueid'),
    state: read('state'),
    if_id: hexadecimal(section, 'if-id-in') ?? 0,
    spi_in: hexadecimal(section, 'spi-in') ?? 0,
    spi_out: hexadecimal(section, 'spi-out') ?? 0,
    algorithm: algorithm(section),
    encap: flag(section, 'encap'),
    local_ts: textList(section, 'local-ts'),
    remote_ts: textList(section, 'remote-ts'),
    installed_s: decimal(section, 'install-time') ?? null,
    rekey_in_s: decimal(section, 'rekey-time') ?? null,
    packets_in: decimal(section, 'packets-in') ?? 0,
    bytes_in: decimal(section, 'bytes-in') ?? 0,
    packets_out: decimal(section, 'packets-out') ?? 0,
    bytes_out: decimal(section, 'bytes-out') ?? 0,
  };
}

/** Such as AES_GCM_16-256/PRF_HMAC_SHA2_384/CURVE_25519; the first CHILD_SA of an IKE_SA has no key exchange. */
function algorithm(section: ViciSection): string {
  const parts: string[] = [];
  for (const kind of ['encr', 'integ']) {
    const name = text(section, `${kind}-alg`);
    if (name === undefined) continue;
    const bits = text(section, `${kind}-keysize`);
    parts.push(bits === undefined ? name : `${name}-${bits}`);
  }
  for (const key of ['prf-alg', 'dh-group']) {
    const name = text(section, key);
    if (name !== undefined) parts.push(name);
  }
  if (text(section, 'esn') === '1') parts.push('ESN');
  return parts.join('/');
}
