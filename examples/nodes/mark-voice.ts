// mark-voice: RTP leaves with DSCP EF (RFC 3246), whatever the telephone wrote.
import { defineUserNode, ip4Prefix, PASS, type Packet } from '@sluice/node';

const UDP = 17;
const FIRST_RTP_PORT = 16_384;
const LAST_RTP_PORT = 32_767;
const DSCP_EF = 46;

const MARKED = 0;

/** Where the telephones are. */
const PHONES = ip4Prefix('10.1.20.0/24');
const NETWORK = PHONES?.address ?? 0;
const HOSTS = 2 ** (32 - (PHONES?.length ?? 32));

export default defineUserNode({
  name: 'mark-voice',
  arc: 'ip4-output',
  counters: [{ name: 'marked', severity: 'info', help: 'RTP of the telephones, sent on with DSCP EF' }],

  packet(packet: Packet): number {
    if (packet.protocol !== UDP || packet.dscp === DSCP_EF) return PASS;
    const offset = packet.source - NETWORK;
    const port = packet.destinationPort;
    if (offset >= 0 && offset < HOSTS && port >= FIRST_RTP_PORT && port <= LAST_RTP_PORT) {
      packet.dscp = DSCP_EF;
      packet.count(MARKED);
    }
    return PASS;
  },
});
