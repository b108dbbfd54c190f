// RFC 2132 section 3.14
import { defineOption } from './define-option.js';

export const hostName = defineOption({
  code: 12,
  kind: 'text',
  help: 'Name of the client; of a reservation, as a rule.',
});
