// A configuration with something in every section.
export const EXAMPLE = `schema: 1
hostname: branch
vrfs:
  - name: default
interfaces:
  - name: wan
    device: eth0
    addresses: [192.0.2.1/24]
  - name: lan
    device: eth1
    mtu: 1500
    addresses:
      - 10.1.0.1/16
tunnels:
  - name: hq
    addresses: [10.255.0.1/30]
routes:
  - prefix: 0.0.0.0/0
    next_hop: 192.0.2.254
  - prefix: 10.2.0.0/16
    interface: hq
ike:
  connections:
    - name: hq
      local: { address: 192.0.2.1, id: branch }
      remote: { address: 198.51.100.1, id: hq }
      psk: { file: /etc/sluice/hq.psk }
      children:
        - name: hq
          tunnel: hq
`;

/** The example with one text in it replaced. Throws when it does not occur, so that a test cannot miss its mark. */
export function exampleWith(text: string, replacement: string): string {
  if (!EXAMPLE.includes(text)) throw new Error(`the example has no "${text}"`);
  return EXAMPLE.replace(text, replacement);
}
