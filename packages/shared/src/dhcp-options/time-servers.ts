// RFC 2132 section 3.6
import { defineOption } from './define-option.js';

export const timeServers = defineOption({
  code: 4,
  kind: 'ip4_list',
  help: 'Time servers (RFC 868).',
});
