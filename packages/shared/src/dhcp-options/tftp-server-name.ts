// RFC 2132 section 9.4
import { defineOption } from './define-option.js';

export const tftpServerName = defineOption({
  code: 66,
  kind: 'text',
  help: 'Name or address of the server that has the boot file; boot.server_name sends it too.',
});
