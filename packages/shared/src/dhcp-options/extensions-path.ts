// RFC 2132 section 3.20
import { defineOption } from './define-option.js';

export const extensionsPath = defineOption({
  code: 18,
  kind: 'text',
  help: 'File with further options, by TFTP.',
});
