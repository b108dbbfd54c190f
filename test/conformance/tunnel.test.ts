import { espInUdp } from './cases/esp-in-udp.js';
import { espIn } from './cases/esp-inbound.js';
import { espOut } from './cases/esp-outbound.js';
import { espFragments } from './cases/esp-reassembly.js';
import { espRefused, espSelectors } from './cases/esp-refused.js';
import { espReplay } from './cases/esp-replay.js';
import { espTos } from './cases/esp-tos.js';
import { conformance } from './support/suite.js';
import { tunnel } from './support/tunnel.js';

conformance(tunnel, {
  'ESP in': espIn,
  'ESP out': espOut,
  'ESP that is refused': espRefused,
  'replay and sequence numbers': espReplay,
  'traffic selectors': espSelectors,
  'DSCP and ECN': espTos,
  'ESP in UDP': espInUdp,
  'fragments of ESP': espFragments,
});
