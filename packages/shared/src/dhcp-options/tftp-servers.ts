// RFC 5859
import { defineOption } from './define-option.js';

export const tftpServers = defineOption({
  code: 150,
  kind: 'ip4_list',
  help: 'TFTP servers of telephones.',
});
