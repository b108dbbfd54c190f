import { mssClampSuite } from './mss-clamp.js';

mssClampSuite({ name: 'ip6-mss-clamp', family: 6, outbound: true });
