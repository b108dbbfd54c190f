// RFC 3925 section 4
import { defineOption } from './define-option.js';

export const vendorSpecific = defineOption({
  code: 125,
  kind: 'enterprises',
  help: 'Options of vendors, by their enterprise numbers.',
});
