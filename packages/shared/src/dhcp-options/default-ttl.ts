// RFC 2132 section 4.5
import { defineOption } from './define-option.js';

export const defaultTtl = defineOption({
  code: 23,
  kind: 'u8',
  help: 'TTL of the packets that it sends.',
});
