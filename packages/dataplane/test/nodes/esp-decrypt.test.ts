import { describeNode } from '../support/counters.js';
import { antiReplay } from './esp-decrypt/anti-replay.js';
import { contents } from './esp-decrypt/contents.js';
import { ecnAndDscp } from './esp-decrypt/ecn-and-dscp.js';
import { opening } from './esp-decrypt/opening.js';
import { refused } from './esp-decrypt/refused.js';
import { selectors } from './esp-decrypt/selectors.js';
import { source } from './esp-decrypt/source.js';
import { tunnel } from './esp-decrypt/tunnel.js';

describeNode('esp-decrypt', () => {
  opening();
  contents();
  ecnAndDscp();
  antiReplay();
  selectors();
  refused();
  source();
  tunnel();
});
