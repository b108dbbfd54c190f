// RFC 2132 section 4.1
import { defineOption } from './define-option.js';

export const ipForwarding = defineOption({
  code: 19,
  kind: 'flag',
  help: 'Whether the client forwards packets.',
});
