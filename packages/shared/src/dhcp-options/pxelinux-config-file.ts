// RFC 5071 section 4
import { defineOption } from './define-option.js';

export const pxelinuxConfigFile = defineOption({
  code: 209,
  kind: 'text',
  help: 'Configuration file of PXELINUX.',
});
