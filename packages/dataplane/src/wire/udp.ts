// UDP (RFC 768).

export const UDP_BYTES = 8;
export const UDP_SRC = 0;
export const UDP_DST = 2;
export const UDP_LENGTH = 4;
export const UDP_CHECKSUM = 6;

/** IKE, and IKE and ESP behind NATs (RFC 3948 section 2). */
export const PORT_IKE = 500;
export const PORT_IKE_NAT = 4500;
