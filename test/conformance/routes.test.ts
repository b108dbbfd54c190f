import { routeCases } from './cases/routes.js';
import { routes } from './support/routes.js';
import { conformance } from './support/suite.js';

conformance(routes, { routes: routeCases });
