// RFC 2132 section 8.8
import { defineOption } from './define-option.js';

export const netbiosScope = defineOption({
  code: 47,
  kind: 'text',
  help: 'NetBIOS scope.',
});
