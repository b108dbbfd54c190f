import { mssClampSuite } from './mss-clamp.js';

mssClampSuite({ name: 'ip4-mss-clamp', family: 4, outbound: true });
