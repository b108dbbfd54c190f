// RFC 2132 section 3.9
import { defineOption } from './define-option.js';

export const logServers = defineOption({
  code: 7,
  kind: 'ip4_list',
  help: 'Log servers (MIT-LCS).',
});
