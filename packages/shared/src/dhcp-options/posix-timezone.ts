// RFC 4833
import { defineOption } from './define-option.js';

export const posixTimezone = defineOption({
  code: 100,
  kind: 'text',
  help: 'Time zone as POSIX writes it: CET-1CEST,M3.5.0,M10.5.0/3',
});
