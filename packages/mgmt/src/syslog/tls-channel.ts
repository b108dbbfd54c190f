// Syslog over TLS (RFC 5425): each message behind its length, over a connection to a server that has proved who it is.
import { connect as connectTcp, Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { connectIn } from '@sluice/dhcpd/namespace-sockets';
import { ipBytes, messageOf, readNamedFile, type SyslogServerSection } from '@sluice/shared';
import type { Channel, Delivery, Place } from './channel.js';

const CONNECT_MS = 10_000;
/** A server that takes nothing for so long is gone. */
const STALL_MS = 30_000;
const KEEPALIVE_MS = 30_000;
/**
 * By TLS 1.3 a client is done before the server has looked at its certificate (RFC 8446 section 4.4.2.4): a server that takes
 * it goes on with a session ticket, mostly; one that says nothing for so long is taken to be content.
 */
const REFUSAL_MS = 1_000;
/** What it may take to say goodbye. */
const CLOSE_MS = 1_000;
/** All authorities of Debian take 220 KB. */
const PEM_MAX_BYTES = 4 << 20;

type Section = Pick<SyslogServerSection, 'host' | 'name' | 'ca' | 'certificate' | 'private_key'>;

/** `reason`: of an alert, its name. */
type TlsError = Error & { code?: string; reason?: string };

/** Errors: with a sentence, when the server cannot be reached, or is not who it should be. */
export async function openTls(section: Section, place: Place): Promise<Channel> {
  const credentials = await readCredentials(section);
  const name = section.name ?? section.host;
  const connection = reach(place);
  const socket = connectTls({
    ...credentials,
    socket: connection,
    // Whom the certificate must be for (RFC 6125); as a server name in the handshake only what is none of an address.
    host: name,
    ...(name === place.address ? {} : { servername: name }),
    minVersion: 'TLSv1.2',
  });
  await handshake(socket, connection, name);
  socket.setKeepAlive(true, KEEPALIVE_MS);
  return channelOf(socket);
}

function reach({ address, port, namespace }: Place): Socket {
  if (namespace === '') return connectTcp({ host: address, port });
  return new Socket({ fd: connectIn(namespace, ipBytes(address), port), readable: true, writable: true });
}

/** Read anew for each connection, so that a renewed certificate counts. */
async function readCredentials({ ca, certificate, private_key }: Section): Promise<ConnectionOptions> {
  const read = async (file: string, what: string): Promise<Buffer> => {
    const { stat, bytes } = await readNamedFile(file, PEM_MAX_BYTES).catch((error: unknown) => {
      throw new Error(`${what} cannot be read: ${messageOf(error)}`);
    });
    if (stat.regular && stat.size <= PEM_MAX_BYTES) return bytes;
    throw new Error(`${what}: ${file} is no file of at most ${PEM_MAX_BYTES} bytes: is it the right one?`);
  };
  return {
    ...(ca && { ca: await read(ca.file, 'the authorities') }),
    ...(certificate && { cert: await read(certificate.file, 'our certificate') }),
    ...(private_key && { key: await read(private_key.file, 'our private key') }),
  };
}

function handshake(socket: TLSSocket, connection: Socket, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let content: NodeJS.Timeout | undefined;
    const fail = (sentence: string): void => {
      clearTimeout(late);
      clearTimeout(content);
      socket.destroy();
      reject(new Error(sentence));
    };
    const late = setTimeout(() => fail(`no answer within ${CONNECT_MS / 1000} s`), CONNECT_MS);
    connection.on('error', (error: Error) => fail(error.message));
    socket.on('error', (error: TlsError) => fail(sentenceOf(error, name)));
    // What is wrong with the connection below is not always said here before the end of both.
    socket.once('close', () =>
      fail(connection.errored?.message ?? 'it closed the connection before TLS was there'),
    );
    const done = (): void => {
      clearTimeout(late);
      clearTimeout(content);
      resolve();
    };
    socket.once('secureConnect', () => {
      if (socket.getProtocol() !== 'TLSv1.3') return done();
      content = setTimeout(done, REFUSAL_MS);
      socket.once('session', done);
    });
  });
}

function sentenceOf({ code, reason, message }: TlsError, name: string): string {
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is not for ${name}: give the name that it is for as "name", or the server another one`;
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired: renew it there';
    case 'CERT_NOT_YET_VALID':
      return 'its certificate is not valid yet: see whether the clocks are right';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `its certificate is of an authority that is not known here (${message}): name a file with it as "ca"`;
    case 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED':
      return 'it wants to know who we are: give "certificate" and "private_key"';
    case 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA':
    case 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE':
    case 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED':
    case 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED':
    case 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN':
    case 'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED':
      return `it does not take our certificate (${reason ?? message}): see which authorities it knows, and how long ours is valid`;
    default:
      return message;
  }
}

function channelOf(socket: TLSSocket): Channel {
  const ended = new Promise<string>((resolve) => {
    socket.on('error', (error: Error) => resolve(error.message));
    // Without us the server would go on half open: what is written still fails, and is sent again.
    socket.on('end', () => {
      resolve('it closed the connection');
      socket.destroy();
    });
    socket.on('close', () => resolve('the connection is gone'));
  });
  // Nothing is to be said to us, but what is unread would hold up the end.
  socket.resume();
  return {
    ended,
    send: (messages) => write(socket, messages),
    close: () => {
      socket.end();
      setTimeout(() => socket.destroy(), CLOSE_MS);
    },
  };
}

/** RFC 5425 section 4.3: MSG-LEN SP SYSLOG-MSG. */
export function framed(messages: readonly Buffer[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => [Buffer.from(`${message.length} `), message]));
}

function write(socket: TLSSocket, messages: readonly Buffer[]): Promise<Delivery> {
  return new Promise((resolve, reject) => {
    const stalled = setTimeout(
      () => socket.destroy(new Error(`it has taken nothing for ${STALL_MS / 1000} s`)),
      STALL_MS,
    );
    socket.write(framed(messages), (error) => {
      clearTimeout(stalled);
      if (error) reject(error);
      else resolve({ lost: 0, problem: null });
    });
  });
}
