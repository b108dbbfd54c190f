// A NAT that forgets what it knew, and translates otherwise from then on.
import type { LabNode } from '@sluice/lab';

/**
 * linux/netfilter/nfnetlink_conntrack.h: IPCTNL_MSG_CT_DELETE of subsystem 1 without attributes deletes every entry. The
 * answer is an acknowledgement, errno 0.
 */
const FLUSH = `
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.bind((0, 0))
s.send(struct.pack('=IHHII', 20, (1 << 8) | 2, 5, 1, 0) + struct.pack('=BBH', 0, 0, 0))
raise SystemExit(-struct.unpack_from('=i', s.recv(1024), 16)[0])
`;

/** From now on ESP and IKE in UDP from behind the NAT come from this address and port; it has to have the address. */
export async function translate(nat: LabNode, address: string, port: number): Promise<void> {
  const table = ['iptables', '-w', '5', '-t', 'nat'];
  await nat.run([...table, '-F', 'POSTROUTING']);
  const match = ['-o', 'wan', '-p', 'udp', '--sport', '4500'];
  await nat.run([...table, '-A', 'POSTROUTING', ...match, '-j', 'SNAT', '--to-source', `${address}:${port}`]);
  await nat.run(['/usr/bin/python3', '-c', FLUSH]);
}
