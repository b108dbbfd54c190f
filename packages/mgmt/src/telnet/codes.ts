// Octets of the Telnet protocol (RFC 854, and IANA's "Telnet Options").

/** "Interpret as command": before every command, and twice for an octet 255 of data. */
export const IAC = 255;

export const DONT = 254;
export const DO = 253;
export const WONT = 252;
export const WILL = 251;
/** Begins a subnegotiation, which SE ends. */
export const SB = 250;
export const SE = 240;

/** Erase line, erase character, are you there, abort output, interrupt process, break, data mark. */
export const EL = 248;
export const EC = 247;
export const AYT = 246;
export const AO = 245;
export const IP = 244;
export const BRK = 243;
export const DM = 242;
/** Of RFC 1184: abort the process, end of file. */
export const ABORT = 238;
export const EOF = 236;
/** The lowest octet that is a command; those below are none. */
export const FIRST_COMMAND = 236;

/** Options: RFC 856, 857, 858, 1091, 1073. */
export const BINARY = 0;
export const ECHO = 1;
export const SUPPRESS_GO_AHEAD = 3;
export const TERMINAL_TYPE = 24;
export const NAWS = 31;

/** Of a subnegotiation about the terminal type (RFC 1091 section 2). */
export const TERMINAL_TYPE_IS = 0;
export const TERMINAL_TYPE_SEND = 1;

export type Verb = typeof WILL | typeof WONT | typeof DO | typeof DONT;
