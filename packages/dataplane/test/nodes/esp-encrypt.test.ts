import { describeNode } from '../support/counters.js';
import { acquire } from './esp-encrypt/acquire.js';
import { otherWorker } from './esp-encrypt/other-worker.js';
import { outerHeader } from './esp-encrypt/outer-header.js';
import { sealing } from './esp-encrypt/sealing.js';
import { selectors } from './esp-encrypt/selectors.js';
import { sequenceNumbers } from './esp-encrypt/sequence-numbers.js';
import { tunnel } from './esp-encrypt/tunnel.js';

describeNode('esp-encrypt', () => {
  sealing();
  outerHeader();
  sequenceNumbers();
  selectors();
  otherWorker();
  tunnel();
  acquire();
});
