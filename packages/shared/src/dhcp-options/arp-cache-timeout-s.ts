// RFC 2132 section 6.2
import { defineOption } from './define-option.js';

export const arpCacheTimeoutS = defineOption({
  code: 35,
  kind: 'u32',
  help: 'How long it remembers ARP entries.',
});
