// RFC 2132 section 8.5
import { defineOption } from './define-option.js';

export const netbiosNameServers = defineOption({
  code: 44,
  kind: 'ip4_list',
  help: 'WINS servers.',
});
