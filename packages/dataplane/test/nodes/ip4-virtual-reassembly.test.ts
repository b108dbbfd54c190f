import { virtualReassemblySuite } from './virtual-reassembly.js';

virtualReassemblySuite(4);
