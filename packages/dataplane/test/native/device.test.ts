import { Namespaces } from './support/namespaces.js';

describe('native devices', () => {
  it('are read and changed by name', async () => {
    const network = new Namespaces('left');
    try {
      await network.scenario('device').done();
    } finally {
      await network.close();
    }
  });
});
