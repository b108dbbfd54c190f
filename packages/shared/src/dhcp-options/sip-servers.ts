// RFC 3361 section 3.2
import { defineOption } from './define-option.js';

export const sipServers = defineOption({
  code: 120,
  kind: 'sip_servers',
  help: 'SIP servers by address.',
});
