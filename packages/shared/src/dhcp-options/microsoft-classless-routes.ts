// Microsoft's [MS-DHCPE] section 2.2.8
import { defineOption } from './define-option.js';

export const microsoftClasslessRoutes = defineOption({
  code: 249,
  kind: 'routes',
  help: 'classless_routes, for Windows before Vista.',
});
