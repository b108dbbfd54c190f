// By which member of a bridge a frame came, behind the packet in it: the data plane puts it there for DHCP that it gives to
// Linux, where only the bridge has a device. IP ends where its header says, so that nobody else sees it, and what a station
// puts there itself is cut before.
//
//   0  4 octets  "mbr" and 1
//   4  16        the member's name, then zeros

export const MEMBER_TAG_BYTES = 20;
export const MEMBER_TAG_MARK = [0x6d, 0x62, 0x72, 0x01] as const;
/** Of a name, as Linux has it: IFNAMSIZ of linux/if.h. */
export const MEMBER_NAME_BYTES = 16;

/** The member's name in a tag that begins at `at` and ends the frame; empty where there is none. */
export function readMemberTag(frame: Uint8Array, at: number): string {
  if (frame.length !== at + MEMBER_TAG_BYTES) return '';
  if (MEMBER_TAG_MARK.some((octet, i) => frame[at + i] !== octet)) return '';
  const from = at + MEMBER_TAG_MARK.length;
  let name = '';
  for (let i = from; i < frame.length && frame[i] !== 0; i++) name += String.fromCharCode(frame[i]!);
  return name;
}
