// RFC 5071 section 5
import { defineOption } from './define-option.js';

export const pxelinuxPathPrefix = defineOption({
  code: 210,
  kind: 'text',
  help: 'Put before paths of files of PXELINUX.',
});
