// Constants of DHCP: RFC 2131 and RFC 2132, and IANA's "BOOTP Vendor Extensions and DHCP Options".

export const PORT_SERVER = 67;
export const PORT_CLIENT = 68;

/** `op` of the header. */
export const BOOTREQUEST = 1;
export const BOOTREPLY = 2;

/** IANA's "Address Resolution Protocol (ARP) Parameters". */
export const HTYPE_ETHERNET = 1;

export const FLAG_BROADCAST = 0x8000;

/** RFC 2132 section 9.6. */
export const DISCOVER = 1;
export const OFFER = 2;
export const REQUEST = 3;
export const DECLINE = 4;
export const ACK = 5;
export const NAK = 6;
export const RELEASE = 7;
export const INFORM = 8;

export const OPTION_PAD = 0;
export const OPTION_SUBNET_MASK = 1;
export const OPTION_ROUTERS = 3;
export const OPTION_HOST_NAME = 12;
export const OPTION_REQUESTED_ADDRESS = 50;
export const OPTION_LEASE_TIME = 51;
export const OPTION_OVERLOAD = 52;
export const OPTION_MESSAGE_TYPE = 53;
export const OPTION_SERVER_ID = 54;
export const OPTION_PARAMETER_LIST = 55;
export const OPTION_MESSAGE = 56;
export const OPTION_MAX_MESSAGE_SIZE = 57;
export const OPTION_RENEWAL_TIME = 58;
export const OPTION_REBINDING_TIME = 59;
export const OPTION_VENDOR_CLASS = 60;
export const OPTION_CLIENT_ID = 61;
export const OPTION_TFTP_SERVER_NAME = 66;
export const OPTION_BOOT_FILE_NAME = 67;
export const OPTION_USER_CLASS = 77;
export const OPTION_CLIENT_FQDN = 81;
export const OPTION_RELAY_AGENT = 82;
export const OPTION_CLIENT_ARCH = 93;
export const OPTION_SUBNET_SELECTION = 118;
export const OPTION_END = 255;

/** Suboptions of the relay agent information option: RFC 3046, RFC 3527, RFC 5107. */
export const RELAY_CIRCUIT_ID = 1;
export const RELAY_REMOTE_ID = 2;
export const RELAY_LINK_SELECTION = 5;
export const RELAY_SERVER_OVERRIDE = 11;
