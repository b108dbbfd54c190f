// The strongswan.conf that charon is started with.
//
// charon-systemd reads it from STRONGSWAN_CONF and nothing else: no file of the distribution is included, so
// that what is installed beside it cannot change how the gateway behaves.
import { chmod, open } from 'node:fs/promises';
import { DETECT_WITHIN_S, retransmissionConf, retransmissionFor } from './failure-detection.js';

export interface CharonConf {
  /** Run directory of the gateway; the file names it, so that whoever finds the file knows whose charon it is. */
  runDir: string;
  /** Path of the VICI socket that charon makes; absolute. */
  viciSocket: string;
  /** Path of its log; make it with `prepareLogFile` before charon starts. Null: its standard error, which has no buffer. */
  logFile: string | null;
  /** 0: only what went wrong and SAs that came and went. 1: every exchange. 2: more on jobs, sockets and SAD. */
  level: 0 | 1 | 2;
  /** Plugins in place of the usual ones, for peers that are not Sluice. */
  plugins?: readonly string[];
}

/**
 * In the order in which charon looks for an algorithm. Found in Debian's 5.9.8: openssl alone brings all ciphers,
 * the PRFs, x25519, ecp and modp; random is the source of true randomness, nonce of nonces. openssl announces
 * a KDF too, but refuses PRF_HMAC_SHA2_384 and others with it, so no IKE_SA comes up without the plugin kdf.
 * x509 reads what openssl does not: name constraints, and lists as revocation wants them. Nothing fetches lists.
 */
export const PLUGINS = [
  'random',
  'nonce',
  'x509',
  'openssl',
  'kdf',
  'cmac',
  'xcbc',
  'pem',
  'pkcs1',
  'pkcs8',
  'revocation',
  'constraints',
  'eap-identity',
  'eap-mschapv2',
  'eap-tls',
  'xauth-generic',
  'kernel-netlink',
  'socket-default',
  'vici',
] as const;

/**
 * charon dumps raw bytes at level 3 and secrets at level 4, so no group may go above 2. These stay at 1 at most:
 * they are where keys are made, encoded and handed on, and what they say at 2 is of use only beside such dumps.
 */
const CAPPED_GROUPS = ['enc', 'ike', 'chd', 'lib', 'asn', 'tls', 'esp'] as const;

/** In the run directory: settings that the IKE bridge derives from the configuration. A pattern, so that it may be missing. */
const CHARON_SETTINGS = 'charon-setting[s].conf';

/** @throws Error when a path could not be written into the file as it is */
export function strongswanConf(options: CharonConf): string {
  const { runDir, viciSocket, logFile, level } = options;
  for (const path of [runDir, viciSocket]) assertPlainPath(path);
  if (logFile !== null) assertPlainPath(logFile);
  const capped = Math.min(level, 1);
  const levels = CAPPED_GROUPS.map((group) => `      ${group} = ${capped}`).join('\n');
  return `# For the charon of the gateway in ${runDir}; written at each start of it, so changes made here do not last.
charon {
  load = ${(options.plugins ?? PLUGINS).join(' ')}

  # The data plane routes; routes and addresses that charon put into Linux would only mislead.
  install_routes = no
  install_virtual_ip = no
  # Connections name their local address, so a changed route never moves one. A gateway's routes change by
  # the thousand, and each would make charon look at every IKE_SA.
  process_route = no

  # A peer that answers again is asked again within 4 s, whatever came before: the defaults back off to 42 s.
  # 1 + 1.6 + 2.56 + 6 x 4 s: an outage of 29 s costs no SA. The defaults would hold a dead one for 165 s.
${retransmissionConf(retransmissionFor(DETECT_WITHIN_S))}
  # After a rekeying the old inbound SA stays this long for packets that are still on their way (seconds).
  delete_rekeyed_delay = 5

  # A hub holds thousands of IKE_SAs: the defaults keep them in one list behind one lock.
  ikesa_table_size = 4096
  ikesa_table_segments = 64
  # Threads wait for the data plane, and for those who list SAs: more than processors.
  threads = 32
  # When power comes back, a site's peers call at once, perhaps from behind one NAT: the default would ignore all but five
  # callers of an address.
  block_threshold = 64
  # With more messages than this waiting, new callers are not heard; they ask again. charon hears them before it
  # authenticates those whom it has answered: without a limit 2,000 callers at once wear each other out, because each
  # begins anew when he has waited for half a minute.
  init_limit_job_load = 64
  # That keeps those who answer below this. Beyond it somebody floods, and before a cookie nothing of a caller is kept or
  # computed (RFC 7296 section 2.6). Whoever has one and is not heard gets another after 10 s; stock peers give up at
  # the sixth, for good.
  cookie_threshold = 512
  # On a busy hub an answer may be late.
  half_open_timeout = 120

  # Only connections that ask for aggressive mode by name have it; without this not even those would answer.
  i_dont_care_about_security_and_use_aggressive_mode_psk = yes

  # Whoever authenticates again makes the new SAs first: the old ones carry traffic until then.
  make_before_break = yes

  # Where an IKE_SA is there, a CHILD_SA is made inside it instead of through another IKE_SA.
  reuse_ikesa = yes
  # The bridge tries a failed CHILD_SA again; authenticating anew for each attempt would gain nothing.
  close_ike_on_child_failure = no

  plugins {
    kernel-netlink {
      # Threads do not wait for each other's SAs: the data plane takes many at a time.
      parallel_xfrm = yes
    }
    vici {
      socket = "unix://${viciSocket}"
    }
  }

  filelog {
    sluice {
      path = ${logFile === null ? 'stderr' : `"${logFile}"`}
      # Keeps the file that the bridge made, and with it its mode 0600.
      append = yes
      flush_line = yes
      time_format = %FT%T
      ike_name = yes
      default = ${level}
${levels}
    }
  }
}

# What the configuration says otherwise, where it does.
include ${runDir}/${CHARON_SETTINGS}

charon-systemd {
  # One log is enough, and there may be no journal.
  journal {
    default = -1
  }
}
`;
}

/**
 * Makes the log file, or takes the rights of others from the one that is there. charon appends to what it
 * finds and would make a missing file with the rights its umask leaves.
 */
export async function prepareLogFile(path: string): Promise<void> {
  const file = await open(path, 'a', 0o600);
  await file.close();
  await chmod(path, 0o600);
}

function assertPlainPath(path: string): void {
  // What strongswan.conf quotes, escapes, comments or expands (strftime in log paths) is refused.
  if (!/^\/[A-Za-z0-9._/+@:-]*$/.test(path)) {
    throw new Error(
      `"${path}" cannot be used by charon: give an absolute path of letters, digits and "._/+@:-".`,
    );
  }
}
