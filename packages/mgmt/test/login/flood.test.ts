// Thousands of connections that never log in, and an operator with a password among them.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertDone, Box, METRICS_PORT, PASSWORD, PORT } from '../ssh/box.js';
import { underFlood } from './flood.js';

const METRICS = `
import urllib.request
print(urllib.request.urlopen('http://127.0.0.1:${METRICS_PORT}/metrics', timeout=20).read().decode())
`;

describe('logging in among thousands who do not', function () {
  this.timeout(120_000);
  const box = new Box();
  before(() => box.start());
  after(() => box.stop());

  /** OpenSSH's client with a password, from an address. */
  const login = async (from: string): Promise<void> => {
    const ask = join(box.dir, 'ask');
    writeFileSync(ask, `#!/bin/sh\necho '${PASSWORD}'\n`);
    chmodSync(ask, 0o700);
    const options = ['BatchMode=no', 'PubkeyAuthentication=no', 'ConnectTimeout=20', 'User=otto'];
    const ended = await box.inside(
      'ssh',
      [
        ...[
          '-F',
          'none',
          '-b',
          from,
          '-p',
          `${PORT}`,
          '-o',
          'StrictHostKeyChecking=no',
          '-o',
          'LogLevel=ERROR',
        ],
        ...['-o', `UserKnownHostsFile=${join(box.dir, 'known')}`],
        ...options.flatMap((option) => ['-o', option]),
        ...['127.0.0.1', 'show', 'agent'],
      ],
      { SSH_ASKPASS: ask, SSH_ASKPASS_REQUIRE: 'force' },
    );
    assertDone(ended);
    assert.match(ended.stdout, /^box: revision 1/);
  };

  it('works over SSH, from anywhere', async () => {
    const greeting = Buffer.from('SSH-2.0-half\r\n\0\0');
    await underFlood(
      box.within(),
      { address: '127.0.0.1', port: PORT, greeting },
      box.processOf('mgmt') ?? 0,
      async () => {
        await login('127.9.9.9');
        // From an address that a thousand of them come from, too.
        await login('127.0.0.1');
      },
    );
    const log = readFileSync(join(box.runDir, 'mgmt.log'), 'utf8');
    assert.match(log, /"service":"ssh","reason":"source_full",.*"msg":"connections were closed that had not/);
    assert.match(log, /"reason":"step_full"/);
    assert.ok(log.length < 100_000, 'the log is not filled');
    const { stdout: page } = await box.inside('/usr/bin/python3', ['-c', METRICS]);
    for (const reason of ['source_full', 'step_full', 'not_understood'])
      assert.match(
        page,
        new RegExp(`^sluice_login_closed_connections_total\\{service="ssh",reason="${reason}"\\} [1-9]`, 'm'),
      );
    assert.match(page, /^sluice_login_waiting_connections\{service="ssh"\} 0$/m);
  });
});
