import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { PACKET, text, ViciClient, ViciError } from '../../src/vici/index.js';
import { event, FakeServer, polite, response, type Script, segment } from './fake-server.js';

describe('vici client', () => {
  let server: FakeServer;
  let client: ViciClient | undefined;

  beforeEach(async () => {
    server = await FakeServer.start(polite);
  });
  afterEach(async () => {
    client?.close();
    client = undefined;
    await server.stop();
  });

  it('takes events on another connection than commands', async () => {
    const events: string[] = [];
    client = new ViciClient({
      path: server.path,
      events: ['ike-updown'],
      onEvent: (name, message) => events.push(`${name} ${[...message.keys()]}`),
    });
    client.start();
    await until('it is up', () => client?.up);
    assert.equal(server.sockets.length, 2);
    server.sockets[1]?.write(event('ike-updown', { office: {} }));
    await until('the event is there', () => events.length > 0);
    assert.deepEqual(events, ['ike-updown office']);
    assert.equal(text(await client.request('stats'), 'command'), 'stats');
  });

  it('comes back after the daemon was gone, in a new generation', async () => {
    const log: string[] = [];
    client = new ViciClient({
      path: server.path,
      events: ['log'],
      backoffMinMs: 5,
      backoffMaxMs: 20,
      onUp: (generation) => log.push(`up ${generation}`),
      onDown: (reason) => log.push(`down ${reason.code}`),
    });
    client.start();
    await until('it is up', () => client?.up);
    await server.down();
    await until('it is down', () => client?.up === false);
    await assert.rejects(
      client.request('stats'),
      (error) => error instanceof ViciError && error.code === 'disconnected',
    );
    await server.listen();
    await until('it is up again', () => client?.up);
    assert.deepEqual(log, ['up 1', 'down disconnected', 'up 2']);
    const registrations = server.received.filter(({ type }) => type === PACKET.EVENT_REGISTER);
    assert.equal(registrations.length, 2);
  });

  for (const nth of [0, 1]) {
    it(`renews both connections when ${nth === 0 ? 'the one for commands' : 'the one for events'} is lost`, async () => {
      client = new ViciClient({ path: server.path, backoffMinMs: 5 });
      client.start();
      await until('it is up', () => client?.up);
      server.sockets[nth]?.destroy();
      await until('it is up again', () => client?.up && client.generation === 2);
      assert.equal(server.sockets.length, 4);
    });
  }

  /** Runs since `since()`, and answers nothing but what a client asks for when it connects. */
  const late =
    (since: () => string): Script =>
    (packet, socket, nth) => {
      if (packet.name === 'stats') socket.write(response({ uptime: { since: since() } }));
      else if (packet.name !== 'get-conns') polite(packet, socket, nth);
    };

  for (const [what, sinces, generation] of [
    ['was only late', ['Mon 10:00:00', 'Mon 10:00:00'], 1],
    ['is another one', ['Mon 10:00:00', 'Mon 10:00:09'], 2],
  ] as const) {
    it(`is in generation ${generation} when a daemon that did not answer in time ${what}`, async () => {
      const [before, after] = sinces;
      let since: string = before;
      server.script = late(() => since);
      let ups = 0;
      client = new ViciClient({ path: server.path, backoffMinMs: 5, onUp: () => ups++ });
      client.start();
      await until('it is up', () => client?.up);
      since = after;
      await assert.rejects(
        client.request('get-conns', {}, { deadlineMs: 20 }),
        (error) => error instanceof ViciError && error.code === 'timeout',
      );
      await until('it is up again', () => client?.up && ups === 2);
      assert.equal(client.generation, generation);
    });
  }

  it('is in a new generation when the daemon has closed its socket, whatever it says of its start', async () => {
    server.script = late(() => 'Mon 10:00:00');
    client = new ViciClient({ path: server.path, backoffMinMs: 5 });
    client.start();
    await until('it is up', () => client?.up);
    server.sockets[0]?.destroy();
    await until('it is up again', () => client?.up && client.generation === 2);
  });

  it('is not up before the daemon has answered', async () => {
    server.script = (packet, socket, nth) => {
      if (nth < 3) socket.write(segment(PACKET.CMD_RESPONSE, 9));
      else polite(packet, socket, nth);
    };
    let ups = 0;
    client = new ViciClient({ path: server.path, backoffMinMs: 5, onUp: () => ups++ });
    client.start();
    await until('it is up', () => client?.up);
    assert.equal(ups, 1);
    assert.equal(server.sockets.length, 5);
  });

  it('stays closed', async () => {
    client = new ViciClient({ path: server.path, backoffMinMs: 5 });
    client.start();
    client.close();
    await until(
      'the attempt has ended',
      () => server.sockets.length > 0 && server.sockets.every((socket) => socket.destroyed),
    );
    assert.equal(client.up, false);
  });

  it('is one client still when it is closed and started again in between', async () => {
    let ups = 0;
    client = new ViciClient({ path: server.path, backoffMinMs: 5, onUp: () => ups++ });
    client.start();
    client.close();
    client.start();
    await until('both attempts have ended', () => server.sockets.length === 4);
    await until('one pair is left', () => server.sockets.filter((socket) => !socket.destroyed).length === 2);
    assert.equal(ups, 1);
    assert.equal(client.generation, 1);
  });

  it('runs a long command beside the others', async () => {
    let release: () => void = () => {};
    server.script = (packet, socket, nth) => {
      if (packet.name === 'initiate') release = () => polite(packet, socket, nth);
      else polite(packet, socket, nth);
    };
    client = new ViciClient({ path: server.path });
    client.start();
    await until('it is up', () => client?.up);
    const long = client.dedicated((own) => own.request('initiate'));
    await until('the command is there', () => server.received.some(({ name }) => name === 'initiate'));
    assert.equal(text(await client.request('stats'), 'command'), 'stats');
    release();
    assert.equal(text(await long, 'command'), 'initiate');
  });
});
