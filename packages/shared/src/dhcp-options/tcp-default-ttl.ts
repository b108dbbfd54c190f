// RFC 2132 section 7.1
import { defineOption } from './define-option.js';

export const tcpDefaultTtl = defineOption({
  code: 37,
  kind: 'u8',
  help: 'TTL of the TCP segments that it sends.',
});
