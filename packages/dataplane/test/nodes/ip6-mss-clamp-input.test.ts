import { mssClampSuite } from './mss-clamp.js';

mssClampSuite({ name: 'ip6-mss-clamp-input', family: 6, outbound: false });
