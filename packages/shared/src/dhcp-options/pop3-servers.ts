// RFC 2132 section 8.15
import { defineOption } from './define-option.js';

export const pop3Servers = defineOption({
  code: 70,
  kind: 'ip4_list',
  help: 'POP3 servers.',
});
