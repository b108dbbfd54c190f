// RFC 3442
import { defineOption } from './define-option.js';

export const classlessRoutes = defineOption({
  code: 121,
  kind: 'routes',
  help: 'Routes by prefix. Clients that take them ignore routers: name 0.0.0.0/0 here too.',
});
