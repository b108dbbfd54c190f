import { buildAddon } from '../../../setup/build-addon.mjs';

const PACKAGES = 'the Debian packages libbpf-dev and libipsec-mb-dev';
buildAddon(import.meta.url, 'The native layer', `a C compiler, make, python3, and ${PACKAGES}`);
