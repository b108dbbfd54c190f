import { bridges } from './cases/bridges.js';
import { vlans } from './cases/vlans.js';
import { layer2 } from './support/layer2.js';
import { conformance } from './support/suite.js';

conformance(layer2, { VLANs: vlans, bridges });

conformance(
  {
    ...layer2,
    name: 'layer2-packet',
    config: {
      ...layer2.config,
      interfaces: layer2.config.interfaces.map((one) => ({ ...one, driver: 'af_packet' as const })),
    },
  },
  { VLANs: vlans, bridges },
);
