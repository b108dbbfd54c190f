import { virtualReassemblySuite } from './virtual-reassembly.js';

virtualReassemblySuite(6);
