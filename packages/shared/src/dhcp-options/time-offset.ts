// RFC 2132 section 3.4
import { defineOption } from './define-option.js';

export const timeOffset = defineOption({
  code: 2,
  kind: 'i32',
  help: 'Seconds that local time is ahead of UTC.',
});
