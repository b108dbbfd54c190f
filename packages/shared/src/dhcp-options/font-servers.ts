// RFC 2132 section 8.9
import { defineOption } from './define-option.js';

export const fontServers = defineOption({
  code: 48,
  kind: 'ip4_list',
  help: 'X Window System font servers.',
});
