// RFC 2132 section 8.4
import { defineOption } from './define-option.js';

export const vendorEncapsulated = defineOption({
  code: 43,
  kind: 'suboptions',
  help: 'What the vendor of the client asks for; in a class that matches the vendor, as a rule.',
});
