// RFC 2132 section 7.2
import { defineOption } from './define-option.js';

export const tcpKeepaliveIntervalS = defineOption({
  code: 38,
  kind: 'u32',
  help: 'Between two keepalives of TCP.',
});
