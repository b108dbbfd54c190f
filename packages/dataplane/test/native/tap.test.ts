import { Namespaces } from './support/namespaces.js';

describe('native TAP', () => {
  let network: Namespaces;
  beforeEach(() => {
    network = new Namespaces();
  });
  afterEach(() => network.close());

  for (const kind of ['tap', 'tun']) {
    it(`carries packets both ways, persists and is removed: ${kind}`, async () => {
      await network.scenario('tap', kind).done();
    });
  }
});
