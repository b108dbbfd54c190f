import { mssClampSuite } from './mss-clamp.js';

mssClampSuite({ name: 'ip4-mss-clamp-input', family: 4, outbound: false });
