// RFC 2132 section 5.8
import { defineOption } from './define-option.js';

export const staticRoutes = defineOption({
  code: 33,
  kind: 'ip4_pairs',
  help: 'Hosts and the routers to them; classless_routes has networks too.',
});
