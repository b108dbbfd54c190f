// RFC 2132 section 3.15
import { defineOption } from './define-option.js';

export const bootSize = defineOption({
  code: 13,
  kind: 'u16',
  help: 'Length of the boot file in blocks of 512 octets.',
});
