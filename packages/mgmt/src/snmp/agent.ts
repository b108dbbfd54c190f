// The SNMP agent: read-only, of users of SNMPv3 and of communities of SNMPv2c. net-snmp speaks the protocol.
import { arch, release } from 'node:os';
import { readSecretFile, type SnmpSection } from '@sluice/shared';
import {
  AccessControlModelType,
  type Agent,
  Authentication,
  AuthProtocols,
  createAgent,
  PrivProtocols,
  SecurityLevel,
} from 'net-snmp';
import { Door, type Dropped } from './door.js';
import { registerObjects, type ShownInterface, setInterfaces, setUpTime } from './if-mib.js';

/** RFC 3414 section 11.2 */
const PASSWORD_MIN = 8;
/** Figures are of the last second, or older: asking for them takes a twentieth of the time at most. */
const FRESH_MS = 1_000;
const SHARE = 20;
/** Values of one answer: what GETBULK asks for beyond them comes with the next one. They fit a datagram of 1,500 octets. */
const VALUES_MAX = 40;
/** net-snmp keeps a key for each engine that a message names, for ever. */
const KEYS_MAX = 64;

export interface SnmpSource {
  /** What the interfaces are at the moment. */
  interfaces(): Promise<Omit<ShownInterface, 'changed'>[]>;
  hostname: string;
  /** In hexadecimal. */
  engineId: string;
}

export interface SnmpReport {
  requests: number;
  dropped: Readonly<Record<Dropped, number>>;
}

export class SnmpAgent {
  private readonly started = performance.now();
  private readonly agent: Agent;
  private readonly present = new Set<number>();
  /** By ifIndex: its state, and since when in hundredths of a second. */
  private readonly states = new Map<number, { state: string; changed: number }>();
  private fetched = Number.NEGATIVE_INFINITY;
  private took = 0;
  private fetching: Promise<void> | null = null;

  private constructor(
    private readonly door: Door,
    private readonly source: SnmpSource,
    { address, port, contact, location }: SnmpSection,
  ) {
    this.agent = createAgent(
      {
        ...{ address, port, transport: address.includes(':') ? 'udp6' : 'udp4' },
        engineID: source.engineId,
        // Without it, a message of SNMPv3 that names nobody would be answered.
        accessControlModelType: AccessControlModelType.Simple,
        dgramModule: { createSocket: () => door },
      },
      // It may have what a digest should have been: it is counted, never told.
      (error) => {
        if (error !== null) door.dropped.refused++;
      },
    );
    const bulk = this.agent.getBulkRequest.bind(this.agent);
    this.agent.getBulkRequest = (socket, request, from) => {
      const { pdu } = request;
      pdu.nonRepeaters = Math.min(Math.max(0, pdu.nonRepeaters), pdu.varbinds.length, VALUES_MAX);
      pdu.maxRepetitions = Math.min(Math.max(0, pdu.maxRepetitions), VALUES_MAX);
      bulk(socket, request, from);
    };
    const description = `Sluice, Linux ${release()} ${arch()}`;
    registerObjects(this.agent.getMib(), { description, contact, name: source.hostname, location });
  }

  /** Errors: sentences about secrets; of the system, when the address cannot be listened on. */
  static async listen(section: SnmpSection, source: SnmpSource): Promise<SnmpAgent> {
    const [users, communities] = await Promise.all([
      Promise.all(section.users.map(readUser)),
      Promise.all(section.communities.map(({ file }) => secret(file, 'community', 1))),
    ]);
    const door = await Door.open(section, section.sources, () => agent.refresh());
    const agent = new SnmpAgent(door, source, section);
    const authorizer = agent.agent.getAuthorizer();
    for (const user of users) authorizer.addUser(user);
    for (const community of communities) authorizer.addCommunity(community);
    return agent;
  }

  get report(): SnmpReport {
    return { requests: this.door.requests, dropped: this.door.dropped };
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.agent.close(() => resolve()));
  }

  private get hundredths(): number {
    return Math.floor((performance.now() - this.started) / 10);
  }

  /** Figures for a request: one asks for all that wait. Errors: those of the source. */
  private async refresh(): Promise<void> {
    if (Object.keys(Authentication.authToKeyCache).length > KEYS_MAX) Authentication.authToKeyCache = {};
    const old = performance.now() - this.fetched;
    if (old >= Math.max(FRESH_MS, this.took * SHARE)) {
      this.fetching ??= this.fetch().finally(() => {
        this.fetching = null;
      });
      await this.fetching;
    }
    setUpTime(this.agent.getMib(), this.hundredths);
  }

  private async fetch(): Promise<void> {
    const start = performance.now();
    const interfaces = await this.source.interfaces();
    const { hundredths } = this;
    const shown = interfaces.map((each) => {
      const { state } = each.report;
      const known = this.states.get(each.index);
      const changed = known === undefined ? 0 : known.state === state ? known.changed : hundredths;
      this.states.set(each.index, { state, changed });
      return { ...each, changed };
    });
    setInterfaces(this.agent.getMib(), shown, this.present);
    this.fetched = performance.now();
    this.took = this.fetched - start;
  }
}

async function readUser({
  name,
  authentication,
  password,
  privacy_password: privacy,
}: SnmpSection['users'][number]) {
  return {
    name,
    level: SecurityLevel.authPriv,
    authProtocol: AuthProtocols[authentication],
    authKey: await secret(password.file, 'password', PASSWORD_MIN),
    privProtocol: PrivProtocols.aes,
    privKey: await secret(privacy.file, 'privacy password', PASSWORD_MIN),
  };
}

async function secret(file: string, what: string, least: number): Promise<string> {
  const octets = await readSecretFile(file, what);
  try {
    if (octets.length < least)
      throw new Error(`The ${what} in ${file} has less than ${least} characters: SNMP wants longer ones.`);
    return octets.toString('utf8');
  } finally {
    octets.fill(0);
  }
}
