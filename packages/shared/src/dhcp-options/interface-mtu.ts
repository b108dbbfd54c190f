// RFC 2132 section 5.1
import { defineOption } from './define-option.js';

export const interfaceMtu = defineOption({
  code: 26,
  kind: 'u16',
  help: 'MTU of its interface.',
});
