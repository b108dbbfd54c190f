// capabilities(7): parts of what root may do, and which of them a process has.
import { readFileSync } from 'node:fs';

/** In the order of their numbers (linux/capability.h), without `cap_`. */
const NUMBERED = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct ' +
  'sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap ' +
  'mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

/** The sets of a thread, as /proc/PID/status names them. */
export type CapabilitySet = 'CapInh' | 'CapPrm' | 'CapEff' | 'CapBnd' | 'CapAmb';

/**
 * What a set holds, of the text of a /proc/PID/status. Those that are newer than this list are left out.
 * Errors: Error when the text has no such line.
 */
export function capabilitiesIn(status: string, set: CapabilitySet): string[] {
  const digits = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
  if (digits === undefined) throw new Error(`the status of a process has no line ${set}`);
  const mask = BigInt(`0x${digits}`);
  return NUMBERED.filter((_, bit) => (mask & (1n << BigInt(bit))) !== 0n);
}

/** What this process could hand on. */
export function ownCapabilities(): string[] {
  return capabilitiesIn(readFileSync('/proc/self/status', 'utf8'), 'CapEff');
}
