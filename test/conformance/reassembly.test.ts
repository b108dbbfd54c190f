import { ip4Reassembly, ip4ReassemblyEcn, ip4ReassemblyRefused } from './cases/ip4-reassembly.js';
import { conformance } from './support/suite.js';
import { twoPorts } from './support/two-ports.js';

/** Long enough for a step of a case on a busy machine; cases that leave something wait for it. */
const TIMEOUT_MS = 1500;

conformance(
  {
    ...twoPorts,
    name: 'reassembly',
    config: {
      ...twoPorts.config,
      dataplane: { reassembly: { timeout_ms: TIMEOUT_MS, max_fragments: 64 } },
    },
  },
  {
    'IPv4 reassembly': ip4Reassembly,
    'fragments that are refused': ip4ReassemblyRefused,
    'congestion marks of fragments': ip4ReassemblyEcn,
  },
);
