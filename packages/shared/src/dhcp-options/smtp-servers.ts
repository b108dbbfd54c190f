// RFC 2132 section 8.14
import { defineOption } from './define-option.js';

export const smtpServers = defineOption({
  code: 69,
  kind: 'ip4_list',
  help: 'SMTP servers.',
});
