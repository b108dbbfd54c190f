import { flowMeterSuite } from './flow-meter.js';

flowMeterSuite({ name: 'ip6-flow-meter', family: 6 });
