import { ip, Namespaces } from './support/namespaces.js';

describe('native AF_PACKET', () => {
  let network: Namespaces;
  beforeEach(() => {
    network = new Namespaces('left');
  });
  afterEach(() => network.close());

  it('receives and sends, completes checksums, restores VLAN tags, drops what is too long', async () => {
    await network.scenario('packet-echo').done();
  });

  it('cuts TCP packets of several segments, and joins segments that follow each other', async () => {
    await network.scenario('packet-segments').done();
  });

  it('sends what lies in a large frame', async () => {
    await network.scenario('large-frame', 'af_packet').done();
  });

  it('has a guard that keeps packets from Linux', async () => {
    ip('-n', network.near, 'address', 'add', '10.9.0.1/24', 'dev', 'left');
    ip('-n', network.far, 'address', 'add', '10.9.0.2/24', 'dev', 'left-far');
    await network.scenario('host-guard').done();
  });
});
