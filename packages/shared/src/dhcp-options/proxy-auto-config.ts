// draft-ietf-wrec-wpad-01 section 4.4.1
import { defineOption } from './define-option.js';

export const proxyAutoConfig = defineOption({
  code: 252,
  kind: 'text',
  help: 'URL of the proxy configuration file (WPAD).',
});
