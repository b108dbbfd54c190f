// What is used here of net-snmp, which ships without types.
declare module 'net-snmp' {
  import type { RemoteInfo } from 'node:dgram';

  export const ObjectType: Record<
    'Integer' | 'OctetString' | 'OID' | 'Counter' | 'Gauge' | 'TimeTicks' | 'Counter64',
    number
  >;
  export const MibProviderType: Record<'Scalar' | 'Table', number>;
  export const MaxAccess: Record<'not-accessible' | 'read-only', number>;
  export const AccessControlModelType: Record<'Simple', number>;
  export const AccessLevel: Record<'ReadOnly', number>;
  export const SecurityLevel: Record<'authPriv', number>;
  export const AuthProtocols: Record<'sha' | 'sha256' | 'sha512', number>;
  export const PrivProtocols: Record<'aes', number>;
  /** Keys that were made of passwords, by everything that they were made of. */
  export const Authentication: { authToKeyCache: Record<string, Buffer> };

  export type Value = number | string | Buffer;

  export interface Column {
    number: number;
    name: string;
    type: number;
    maxAccess: number;
  }

  export interface Provider {
    name: string;
    type: number;
    oid: string;
    maxAccess: number;
    scalarType?: number;
    tableColumns?: Column[];
    tableIndex?: { columnName: string }[];
    tableAugments?: string;
  }

  export interface Mib {
    registerProviders(providers: Provider[]): void;
    setScalarValue(provider: string, value: Value): void;
    addTableRow(provider: string, row: Value[]): void;
    setTableSingleCell(provider: string, column: number, index: number[], value: Value): void;
    deleteTableRow(provider: string, index: number[]): void;
  }

  export interface User {
    name: string;
    level: number;
    authProtocol: number;
    authKey: string;
    privProtocol: number;
    privKey: string;
  }

  export interface Authorizer {
    addCommunity(community: string): void;
    addUser(user: User): void;
  }

  export interface BulkRequest {
    pdu: { nonRepeaters: number; maxRepetitions: number; varbinds: unknown[] };
  }

  /** As much of a datagram socket as an agent uses. */
  export interface AgentSocket {
    on(event: 'message' | 'error', listener: (...args: never[]) => void): unknown;
    bind(port: number, address: string | null): unknown;
    send(
      message: Buffer,
      offset: number,
      length: number,
      port: number,
      address: string,
      done: (error: Error | null) => void,
    ): void;
    address(): { address: string; port: number };
    close(callback?: () => void): unknown;
  }

  export interface Agent {
    getMib(): Mib;
    getAuthorizer(): Authorizer;
    getBulkRequest(socket: AgentSocket, request: BulkRequest, from: RemoteInfo): void;
    close(callback?: () => void): void;
  }

  export interface AgentOptions {
    port: number;
    address: string;
    transport: 'udp4' | 'udp6';
    engineID: string;
    accessControlModelType: number;
    dgramModule: { createSocket(transport: string): AgentSocket };
  }

  export function createAgent(options: AgentOptions, callback: (error: Error | null) => void): Agent;
}
