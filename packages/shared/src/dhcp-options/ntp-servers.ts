// RFC 2132 section 8.3
import { defineOption } from './define-option.js';

export const ntpServers = defineOption({
  code: 42,
  kind: 'ip4_list',
  help: 'NTP servers, the preferred one first.',
});
