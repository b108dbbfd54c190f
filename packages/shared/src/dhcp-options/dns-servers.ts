// RFC 2132 section 3.8
import { defineOption } from './define-option.js';

export const dnsServers = defineOption({
  code: 6,
  kind: 'ip4_list',
  help: 'Name servers, the preferred one first.',
});
