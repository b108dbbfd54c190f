// RFC 2132 section 8.7
import { defineOption } from './define-option.js';

export const netbiosNodeType = defineOption({
  code: 46,
  kind: 'u8',
  help: '1 broadcasts, 2 asks servers, 4 mixed, 8 hybrid.',
});
