// RFC 2132 section 3.17
import { defineOption } from './define-option.js';

export const domainName = defineOption({
  code: 15,
  kind: 'text',
  help: 'Domain in which the client resolves names.',
});
