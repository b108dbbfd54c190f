// RFC 2132 section 3.11
import { defineOption } from './define-option.js';

export const lprServers = defineOption({
  code: 9,
  kind: 'ip4_list',
  help: 'Printer servers (RFC 1179).',
});
