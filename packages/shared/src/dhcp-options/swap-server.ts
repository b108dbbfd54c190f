// RFC 2132 section 3.18
import { defineOption } from './define-option.js';

export const swapServer = defineOption({
  code: 16,
  kind: 'ip4',
  help: 'Where its swap file is.',
});
