import { bridges } from './cases/bridges.js';
import { vlans } from './cases/vlans.js';
import type { Case } from './support/case.js';
import { layer2 } from './support/layer2.js';
import { conformance } from './support/suite.js';

/** What the box says of its own addresses in the first seconds goes to every member of the bridge. */
const withAnnouncements = (one: Case): Case => {
  const { 'l2-flood/copies': copies, ...counters } = one.counters ?? {};
  const least = typeof copies === 'number' ? { 'l2-flood/copies': [copies, Infinity] as const } : {};
  return {
    ...one,
    counters: { ...counters, ...least },
    may: copies === undefined ? ['l2-flood/copies'] : [],
  };
};
const cases = { VLANs: vlans.map(withAnnouncements), bridges: bridges.map(withAnnouncements) };

conformance(layer2, cases);

conformance(
  {
    ...layer2,
    name: 'layer2-packet',
    config: {
      ...layer2.config,
      interfaces: layer2.config.interfaces.map((one) => ({ ...one, driver: 'af_packet' as const })),
    },
  },
  cases,
);
