import { buildAddon } from '../../../setup/build-addon.mjs';

buildAddon(import.meta.url, 'What gives the DHCP server its sockets', 'a C compiler, make and python3');
