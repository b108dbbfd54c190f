// What processes may do: the table, the command lines made of it, what README.md says of it. test/up.test.ts looks at
// processes that run.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capabilitiesIn, ownCapabilities } from '../src/up/capabilities.js';
import { closedPaths } from '../src/up/closed-paths.js';
import {
  CONFINED_NAMES,
  capabilitiesOf,
  confined,
  PRIVILEGES,
  PROCESS_NAMES,
  privilegesOf,
  SWITCHING,
  shortfalls,
} from '../src/up/privileges.js';
import { userOf } from '../src/up/users.js';

const README = new URL('../../README.md', import.meta.url);
/** nobody's. */
const OTHER_USER = 65_534;
const SHOW_STATUS = ['cat', '/proc/self/status'];

describe('privileges of processes', () => {
  it('are what a command that is started with them has, and cannot exceed', () => {
    for (const name of PROCESS_NAMES) {
      const [command = '', ...args] = confined(
        { capabilities: capabilitiesOf(name), own: ownCapabilities() },
        SHOW_STATUS,
      );
      const status = execFileSync(command, args, { encoding: 'utf8' });
      const wanted = capabilitiesOf(name).sort();
      for (const set of ['CapEff', 'CapPrm', 'CapBnd'] as const)
        assert.deepEqual(capabilitiesIn(status, set).sort(), wanted, `${set} of ${name}`);
      for (const set of ['CapInh', 'CapAmb'] as const)
        assert.deepEqual(capabilitiesIn(status, set), [], `${set} of ${name}`);
      assert.match(status, /^NoNewPrivs:\t1$/m);
    }
  });

  it('are those of another user just so, and handed on to what it starts', () => {
    const identity = { uid: OTHER_USER, gid: OTHER_USER, groups: [OTHER_USER, 4242] };
    for (const name of PROCESS_NAMES) {
      const capabilities = capabilitiesOf(name);
      const [command = '', ...args] = confined(
        { capabilities, own: ownCapabilities(), identity },
        SHOW_STATUS,
      );
      const status = execFileSync(command, args, { encoding: 'utf8' });
      for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapInh', 'CapAmb'] as const)
        assert.deepEqual(capabilitiesIn(status, set).sort(), [...capabilities].sort(), `${set} of ${name}`);
      for (const line of [/^Uid:(\t65534){4}$/m, /^Gid:(\t65534){4}$/m, /^Groups:\t4242 65534 $/m])
        assert.match(status, line);
    }
  });

  it('are as many as there are to hand on, where the supervisor itself is confined', () => {
    const own = ['net_admin', 'net_bind_service', 'setpcap'];
    const [command = '', ...args] = confined({ capabilities: capabilitiesOf('dhcpd'), own }, SHOW_STATUS);
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
      "without cap_chown, cap_dac_override, cap_fowner, cap_kill, cap_setgid, cap_setuid, every process runs as root's user",
    ]);
  });

  it('need not be taken by whoever may not take them', () => {
    const argv = confined({ capabilities: ['net_admin'], own: ['net_admin'] }, SHOW_STATUS);
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
          (argv) => confined({ capabilities: [], own: ownCapabilities() }, argv),
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
      const { staysRoot } = privilegesOf(name);
      const user = staysRoot === undefined ? `\`${userOf(name)}\`` : `root: ${staysRoot}`;
      return [name, user, list === '' ? 'none' : list];
    });
    const text = readFileSync(README, 'utf8');
    const all = [...new Set(PROCESS_NAMES.flatMap(capabilitiesOf))];
    const switching = SWITCHING.filter((capability) => !all.includes(capability));
    for (const list of [all, switching])
      assert.ok(text.includes(`\`${list.join(',')}\``), `README.md does not list ${list.join(',')}`);
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

  it('name the users that the set-up makes', () => {
    const text = readFileSync(new URL('../../../../setup/users.txt', import.meta.url), 'utf8');
    const made = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    assert.deepEqual(made.sort(), CONFINED_NAMES.map(userOf).sort());
  });
});
