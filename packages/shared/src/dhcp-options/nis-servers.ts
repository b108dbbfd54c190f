// RFC 2132 section 8.2
import { defineOption } from './define-option.js';

export const nisServers = defineOption({
  code: 41,
  kind: 'ip4_list',
  help: 'Servers of the Network Information Service.',
});
