// RFC 5071 section 6
import { defineOption } from './define-option.js';

export const pxelinuxRebootTimeS = defineOption({
  code: 211,
  kind: 'u32',
  help: 'After how long PXELINUX that finds nothing starts anew.',
});
