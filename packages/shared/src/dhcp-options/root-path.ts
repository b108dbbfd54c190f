// RFC 2132 section 3.19
import { defineOption } from './define-option.js';

export const rootPath = defineOption({
  code: 17,
  kind: 'text',
  help: 'Path of its root file system.',
});
