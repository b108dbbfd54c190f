import { vrfCases } from './cases/vrfs.js';
import { conformance } from './support/suite.js';
import { vrfs } from './support/vrfs.js';

conformance(vrfs, { VRFs: vrfCases });
