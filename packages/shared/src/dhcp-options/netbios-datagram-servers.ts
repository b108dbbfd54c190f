// RFC 2132 section 8.6
import { defineOption } from './define-option.js';

export const netbiosDatagramServers = defineOption({
  code: 45,
  kind: 'ip4_list',
  help: 'NetBIOS datagram distribution servers.',
});
