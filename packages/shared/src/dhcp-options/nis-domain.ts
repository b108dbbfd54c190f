// RFC 2132 section 8.1
import { defineOption } from './define-option.js';

export const nisDomain = defineOption({
  code: 40,
  kind: 'text',
  help: 'Its domain of the Network Information Service.',
});
