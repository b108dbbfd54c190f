// What processes may do: the table, the command lines made of it, what README.md says of it. test/up.test.ts looks at
// processes that run.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capabilitiesIn, ownCapabilities } from '../src/up/capabilities.js';
import { closedPaths } from '../src/up/closed-paths.js';
import { capabilitiesOf, confined, PRIVILEGES, PROCESS_NAMES, shortfalls } from '../src/up/privileges.js';

const README = new URL('../../README.md', import.meta.url);
/** nobody's. */
const OTHER_USER = 65_534;
const SHOW_STATUS = ['cat', '/proc/self/status'];

describe('privileges of processes', () => {
  it('are what a command that is started with them has, and cannot exceed', () => {
    for (const name of PROCESS_NAMES) {
      const [command = '', ...args] = confined(capabilitiesOf(name), ownCapabilities(), SHOW_STATUS);
      const status = execFileSync(command, args, { encoding: 'utf8' });
      const wanted = capabilitiesOf(name).sort();
      for (const set of ['CapEff', 'CapPrm', 'CapBnd'] as const)
        assert.deepEqual(capabilitiesIn(status, set).sort(), wanted, `${set} of ${name}`);
      for (const set of ['CapInh', 'CapAmb'] as const)
        assert.deepEqual(capabilitiesIn(status, set), [], `${set} of ${name}`);
      assert.match(status, /^NoNewPrivs:\t1$/m);
    }
  });

  it('are as many as there are to hand on, where the supervisor itself is confined', () => {
    const own = ['net_admin', 'net_bind_service', 'setpcap'];
    const [command = '', ...args] = confined(capabilitiesOf('dhcpd'), own, SHOW_STATUS);
    const status = execFileSync(command, args, { encoding: 'utf8' });
    assert.deepEqual(capabilitiesIn(status, 'CapEff').sort(), ['net_admin', 'net_bind_service', 'setpcap']);
    assert.deepEqual(shortfalls(own), [
      '"sluice up" has no cap_net_raw to hand on: dataplane, dhcpd, mgmt will do without',
      '"sluice up" has no cap_net_broadcast to hand on: dataplane will do without',
      '"sluice up" has no cap_bpf to hand on: dataplane will do without',
      '"sluice up" has no cap_ipc_lock to hand on: dataplane will do without',
      '"sluice up" has no cap_sys_admin to hand on: dataplane, dhcpd, mgmt will do without',
      '"sluice up" has no cap_setgid to hand on: dhcpd will do without',
      '"sluice up" has no cap_setuid to hand on: dhcpd will do without',
      '"sluice up" has no cap_sys_chroot to hand on: dhcpd will do without',
      '"sluice up" has no cap_kill to hand on: dhcpd will do without',
    ]);
  });

  it('need not be taken by whoever may not take them', () => {
    const argv = confined(['net_admin'], ['net_admin'], SHOW_STATUS);
    assert.deepEqual(
      argv.filter((argument) => argument.startsWith('--bounding')),
      [],
    );
    assert.ok(
      shortfalls(['net_admin']).includes('without cap_setpcap, processes may keep more than they need'),
    );
  });

  it('do not open what other users have closed', () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-closed-'));
    try {
      const [file, none] = [join(directory, 'a'), join(directory, 'none')];
      writeFileSync(file, '', { mode: 0o600 });
      const closed = (): string[] =>
        closedPaths(
          [
            ['r', file],
            ['w', file],
            ['w', directory],
            ['r', none],
          ],
          (argv) => confined([], ownCapabilities(), argv),
        );
      assert.deepEqual(closed(), []);
      chownSync(file, OTHER_USER, OTHER_USER);
      assert.deepEqual(closed(), [file]);
      chmodSync(file, 0o644);
      assert.deepEqual(closed(), [file], 'may be read, not written');
      chownSync(directory, OTHER_USER, OTHER_USER);
      assert.deepEqual(closed(), [file, directory]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('are in README.md as they are in the code', () => {
    const rows = PROCESS_NAMES.map((name) => {
      const reasons = Object.entries(PRIVILEGES[name].capabilities);
      const list = reasons.map(([capability, why]) => `\`${capability}\`: ${why}`).join('<br>');
      return [name, list === '' ? 'none' : list];
    });
    const text = readFileSync(README, 'utf8');
    const all = [...new Set(PROCESS_NAMES.flatMap(capabilitiesOf))];
    assert.ok(text.includes(`\`${all.join(',')}\``), `README.md does not list ${all.join(',')}`);
    const said = text
      .split('\n')
      .filter((line) => PROCESS_NAMES.some((name) => line.startsWith(`| ${name} `)))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    assert.deepEqual(said, rows);
  });
});
