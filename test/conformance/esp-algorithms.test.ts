import { espAlgorithms } from './cases/esp-algorithms.js';
import { conformance } from './support/suite.js';
import { tunnel } from './support/tunnel.js';

conformance({ ...tunnel, name: 'esp-algorithms' }, { 'ESP algorithms': espAlgorithms });
