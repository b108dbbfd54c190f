// RFC 5417
import { defineOption } from './define-option.js';

export const capwapControllers = defineOption({
  code: 138,
  kind: 'ip4_list',
  help: 'CAPWAP access controllers of access points.',
});
