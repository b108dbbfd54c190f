// An engine with a network, a clock of the test's, and what its answers say in words.
import assert from 'node:assert/strict';
import { type DhcpState, dhcpServerSection, formatIp4 } from '@sluice/shared';
import type { z } from 'zod';
import type { Answer } from '../../src/engine/answer.js';
import type { Arrival } from '../../src/engine/arrival.js';
import { Engine } from '../../src/engine/engine.js';
import type { Outcome } from '../../src/engine/outcome.js';
import { ACK, NAK, OFFER } from '../../src/wire/codes.js';
import { type Message, parseMessage } from '../../src/wire/message.js';
import { buildReply } from '../../src/wire/reply.js';
import { type ClientMessage, clientMessage, onLink } from './client.js';

export type ServerInput = z.input<typeof dhcpServerSection>;

export const LAN: ServerInput = {
  interface: 'lan',
  pools: [{ range: '10.1.0.10-10.1.0.12' }],
  probe_ms: 0,
};

export function stateOf(...servers: ServerInput[]): DhcpState {
  return {
    revision: 1,
    networks: servers.map((server) => ({
      members: server.limits?.per_port === undefined ? [] : ['p1', 'p2'],
      server: dhcpServerSection.parse(server),
      vrf: server.vrf ?? 'default',
      addresses: server.interface === undefined ? [] : ['10.1.0.1/24'],
    })),
    clients: [],
    clients6: [],
    vrfs: [
      { name: 'default', addresses: ['10.1.0.1'] },
      { name: 'guests', addresses: ['10.1.0.1'] },
    ],
    networks6: [],
    forwarders: [],
    advertisements: [],
  };
}

export class World {
  readonly engine = new Engine();
  nowMs = 1_000_000;

  constructor(...servers: ServerInput[]) {
    this.engine.configure(stateOf(...(servers.length === 0 ? [LAN] : servers)), this.nowMs);
  }

  receive(message: ClientMessage, arrival: Arrival = onLink(message.mac)): Outcome {
    return this.engine.receive(clientMessage(message), arrival, this.nowMs);
  }

  /** `offer 10.1.0.10`, `ack …`, `nak`, or why there is none. */
  said(message: ClientMessage, arrival?: Arrival): string {
    return words(this.receive(message, arrival));
  }

  answer(message: ClientMessage, arrival?: Arrival): { answer: Answer; message: Message } {
    const outcome = this.receive(message, arrival);
    assert.equal(outcome.kind, 'answer', `it was ${words(outcome)}`);
    const { answer } = outcome as Extract<Outcome, { kind: 'answer' }>;
    return { answer, message: parseMessage(buildReply(answer.fields, answer.most).bytes)! };
  }
}

export function words(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'answer': {
      const { type, fields } = outcome.answer;
      const name = { [OFFER]: 'offer', [ACK]: 'ack', [NAK]: 'nak' }[type] ?? String(type);
      return type === NAK ? name : `${name} ${formatIp4(fields.yiaddr)}`;
    }
    case 'probe':
      return `probe ${formatIp4(outcome.probe.address)}`;
    default:
      return outcome.reason;
  }
}
