// RFC 2132 section 4.3
import { defineOption } from './define-option.js';

export const policyFilter = defineOption({
  code: 21,
  kind: 'ip4_pairs',
  help: 'Destinations and masks that source routes may have.',
});
