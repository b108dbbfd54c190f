// RFC 2132 section 9.5
import { defineOption } from './define-option.js';

export const bootFileName = defineOption({
  code: 67,
  kind: 'text',
  help: 'Name of the boot file; boot.file sends it too.',
});
