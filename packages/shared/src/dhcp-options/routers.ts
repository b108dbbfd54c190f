// RFC 2132 section 3.5
import { defineOption } from './define-option.js';

export const routers = defineOption({
  code: 3,
  kind: 'ip4_list',
  help: 'Default gateways, the preferred one first. Left out: the address of the interface; an empty list sends none.',
});
