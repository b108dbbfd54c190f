// RFC 3397
import { defineOption } from './define-option.js';

export const domainSearch = defineOption({
  code: 119,
  kind: 'domain_list',
  help: 'Domains that names are looked up in, in this order.',
});
