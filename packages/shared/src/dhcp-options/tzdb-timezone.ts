// RFC 4833
import { defineOption } from './define-option.js';

export const tzdbTimezone = defineOption({
  code: 101,
  kind: 'text',
  help: 'Time zone by name: Europe/Berlin',
});
