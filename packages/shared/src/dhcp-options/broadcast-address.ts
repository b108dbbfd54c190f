// RFC 2132 section 5.3
import { defineOption } from './define-option.js';

export const broadcastAddress = defineOption({
  code: 28,
  kind: 'ip4',
  help: 'Left out: the last address of the subnet is understood.',
});
