// The objects that are shown: the system group (SNMPv2-MIB, RFC 3418) and interfaces (IF-MIB, RFC 2863).
import type { InterfaceReport } from '@sluice/shared';
import {
  type Column,
  MaxAccess,
  type Mib,
  MibProviderType,
  ObjectType,
  type Provider,
  type Value,
} from 'net-snmp';

const SYSTEM = '1.3.6.1.2.1.1';
const INTERFACES = '1.3.6.1.2.1.2';
const IF_X_TABLE = '1.3.6.1.2.1.31.1.1';

const readOnly = MaxAccess['read-only'];
/** Counters of 32 bits go round. */
const TWO_32 = 2 ** 32;

/** IANAifType-MIB. */
const IF_TYPE: Record<InterfaceReport['kind'], number> = {
  ethernet: 6,
  loopback: 24,
  tunnel: 131,
  vlan: 135,
  bridge: 209,
};
const UP = 1;
const DOWN = 2;
/** sysServices: links and routing (layers 2 and 3). */
const SERVICES = 2 + 4;

/** An interface as it is at the moment. */
export interface ShownInterface {
  /** ifIndex */
  index: number;
  report: InterfaceReport;
  /** False when the configuration has it switched off. */
  enabled: boolean;
  /** Hundredths of a second: sysUpTime when its state changed last. */
  changed: number;
}

export interface SystemInfo {
  description: string;
  contact: string;
  name: string;
  location: string;
}

type Cell = readonly [number: number, name: string, type: number, value: (shown: ShownInterface) => Value];

const low = (count: number): number => count % TWO_32;

const { Integer, OctetString, Counter, Gauge, TimeTicks, Counter64 } = ObjectType;

const IF_TABLE: readonly Cell[] = [
  [1, 'ifIndex', Integer, ({ index }) => index],
  [2, 'ifDescr', OctetString, ({ report }) => describe(report)],
  [3, 'ifType', Integer, ({ report }) => IF_TYPE[report.kind]],
  [4, 'ifMtu', Integer, ({ report }) => report.mtu],
  // 0 where it is not known (RFC 2863 has 4,294,967,295 for what is faster than that).
  [5, 'ifSpeed', Gauge, () => 0],
  [
    6,
    'ifPhysAddress',
    OctetString,
    ({ report }) => Buffer.from((report.mac ?? '').replaceAll(':', ''), 'hex'),
  ],
  [7, 'ifAdminStatus', Integer, ({ enabled }) => (enabled ? UP : DOWN)],
  [8, 'ifOperStatus', Integer, ({ report }) => (report.state === 'up' ? UP : DOWN)],
  [9, 'ifLastChange', TimeTicks, ({ changed }) => changed],
  [10, 'ifInOctets', Counter, ({ report }) => low(report.rx_bytes)],
  [11, 'ifInUcastPkts', Counter, ({ report }) => low(report.rx_packets)],
  [13, 'ifInDiscards', Counter, ({ report }) => low(report.drops)],
  [16, 'ifOutOctets', Counter, ({ report }) => low(report.tx_bytes)],
  [17, 'ifOutUcastPkts', Counter, ({ report }) => low(report.tx_packets)],
];

const IF_X: readonly Cell[] = [
  [1, 'ifName', OctetString, ({ report }) => report.name],
  [6, 'ifHCInOctets', Counter64, ({ report }) => wide(report.rx_bytes)],
  [7, 'ifHCInUcastPkts', Counter64, ({ report }) => wide(report.rx_packets)],
  [10, 'ifHCOutOctets', Counter64, ({ report }) => wide(report.tx_bytes)],
  [11, 'ifHCOutUcastPkts', Counter64, ({ report }) => wide(report.tx_packets)],
  [15, 'ifHighSpeed', Gauge, () => 0],
  [18, 'ifAlias', OctetString, ({ report }) => report.name],
];

const TABLES = [
  ['ifTable', IF_TABLE],
  ['ifXTable', IF_X],
] as const;

/** Makes the objects known to an agent; their values come by the functions below. */
export function registerObjects(mib: Mib, system: SystemInfo): void {
  const scalar = (name: string, oid: string, scalarType: number): Provider => ({
    ...{ name, oid, scalarType, type: MibProviderType.Scalar, maxAccess: readOnly },
  });
  mib.registerProviders([
    scalar('sysDescr', `${SYSTEM}.1`, OctetString),
    scalar('sysObjectID', `${SYSTEM}.2`, ObjectType.OID),
    scalar('sysUpTime', `${SYSTEM}.3`, TimeTicks),
    scalar('sysContact', `${SYSTEM}.4`, OctetString),
    scalar('sysName', `${SYSTEM}.5`, OctetString),
    scalar('sysLocation', `${SYSTEM}.6`, OctetString),
    scalar('sysServices', `${SYSTEM}.7`, Integer),
    scalar('ifNumber', `${INTERFACES}.1`, Integer),
    {
      ...{ name: 'ifTable', oid: `${INTERFACES}.2.1`, type: MibProviderType.Table, maxAccess: readOnly },
      tableColumns: columns(IF_TABLE),
      tableIndex: [{ columnName: 'ifIndex' }],
    },
    {
      ...{ name: 'ifXTable', oid: `${IF_X_TABLE}.1`, type: MibProviderType.Table, maxAccess: readOnly },
      tableColumns: columns(IF_X),
      tableAugments: 'ifTable',
    },
  ]);
  mib.setScalarValue('sysDescr', system.description);
  // zeroDotZero: there is no number of an enterprise for it (RFC 3418).
  mib.setScalarValue('sysObjectID', '0.0');
  mib.setScalarValue('sysContact', system.contact);
  mib.setScalarValue('sysName', system.name);
  mib.setScalarValue('sysLocation', system.location);
  mib.setScalarValue('sysServices', SERVICES);
}

export function setUpTime(mib: Mib, hundredths: number): void {
  mib.setScalarValue('sysUpTime', low(hundredths));
}

/** The interfaces that there are, in place of those whose indexes are in `present`, which is brought up to date. */
export function setInterfaces(mib: Mib, shown: readonly ShownInterface[], present: Set<number>): void {
  const wanted = new Set(shown.map(({ index }) => index));
  for (const index of present) {
    if (wanted.has(index)) continue;
    for (const [table] of TABLES) mib.deleteTableRow(table, [index]);
    present.delete(index);
  }
  for (const each of shown) {
    const { index } = each;
    for (const [table, cells] of TABLES) {
      if (present.has(index))
        for (const [column, , , value] of cells) mib.setTableSingleCell(table, column, [index], value(each));
      else mib.addTableRow(table, rowOf(table, cells, each));
    }
    present.add(index);
  }
  mib.setScalarValue('ifNumber', shown.length);
}

/** An augmenting table's row begins with the index, which is in none of its columns. */
function rowOf(table: string, cells: readonly Cell[], shown: ShownInterface): Value[] {
  const values = cells.map(([, , , value]) => value(shown));
  return table === 'ifXTable' ? [shown.index, ...values] : values;
}

function columns(cells: readonly Cell[]): Column[] {
  return cells.map(([number, name, type]) => ({ number, name, type, maxAccess: readOnly }));
}

function wide(count: number): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64BE(BigInt(count));
  return octets;
}

/** What it is, for people: the name, and what it lies on. */
function describe({ name, kind, device, parent, vlan }: InterfaceReport): string {
  if (kind === 'vlan') return `${name}: VLAN ${vlan} of ${parent}`;
  return device === null ? `${name}: ${kind}` : `${name}: ${device}`;
}
