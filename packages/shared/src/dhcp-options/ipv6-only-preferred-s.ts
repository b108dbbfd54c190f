// RFC 8925
import { defineOption } from './define-option.js';

export const ipv6OnlyPreferredS = defineOption({
  code: 108,
  kind: 'u32',
  help: 'How long a client that can do without IPv4 leaves it off; at least 300.',
});
