import {
  espFragments,
  espIn,
  espInUdp,
  espOut,
  espRefused,
  espReplay,
  espSelectors,
  espTos,
} from './cases/esp-plain.js';
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
