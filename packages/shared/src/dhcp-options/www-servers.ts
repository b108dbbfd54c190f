// RFC 2132 section 8.17
import { defineOption } from './define-option.js';

export const wwwServers = defineOption({
  code: 72,
  kind: 'ip4_list',
  help: 'Default web servers.',
});
