import { espFamilies } from './cases/esp-families.js';
import { espFragmentation } from './cases/esp-fragmentation.js';
import { mssClamping } from './cases/mss.js';
import { pathMtu } from './cases/path-mtu.js';
import { transportMode } from './cases/transport.js';
import { dual } from './support/dual.js';
import { conformance } from './support/suite.js';

conformance(dual, {
  'ESP of both families': espFamilies,
  'ESP and fragmentation': espFragmentation,
  'path MTU': pathMtu,
  'MSS clamping': mssClamping,
  'transport mode': transportMode,
});
