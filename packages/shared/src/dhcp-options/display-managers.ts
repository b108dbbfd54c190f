// RFC 2132 section 8.10
import { defineOption } from './define-option.js';

export const displayManagers = defineOption({
  code: 49,
  kind: 'ip4_list',
  help: 'X Window System display managers.',
});
