// RFC 8910
import { defineOption } from './define-option.js';

export const captivePortal = defineOption({
  code: 114,
  kind: 'text',
  help: 'URL of the API of the captive portal.',
});
