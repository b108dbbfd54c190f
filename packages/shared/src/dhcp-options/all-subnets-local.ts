// RFC 2132 section 5.2
import { defineOption } from './define-option.js';

export const allSubnetsLocal = defineOption({
  code: 27,
  kind: 'flag',
  help: 'Whether all subnets of its network have this MTU.',
});
