// RFC 2132 section 5.6
import { defineOption } from './define-option.js';

export const routerDiscovery = defineOption({
  code: 31,
  kind: 'flag',
  help: 'Whether it looks for routers by RFC 1256.',
});
