import { flowMeterSuite } from './flow-meter.js';

flowMeterSuite({ name: 'ip4-flow-meter', family: 4 });
