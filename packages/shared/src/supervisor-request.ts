// What a process that runs as a user of its own has its supervisor do, which is root.
//
// At the Unix socket that SLUICE_SUPERVISOR names, which only this user may open: one request a connection, in JSON, and
// one answer.
import { connect } from 'node:net';
import { z } from 'zod';

/** Environment variable: the path of the socket. */
export const SUPERVISOR_SOCKET = 'SLUICE_SUPERVISOR';

const ANSWER_DEADLINE_MS = 10_000;

export const supervisorRequestSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('read'), path: z.string(), limit_bytes: z.int().min(0) }),
  z.strictObject({ op: z.literal('stat'), path: z.string() }),
  z.strictObject({ op: z.literal('write'), path: z.string(), text: z.string() }),
  z.strictObject({ op: z.literal('restart'), process: z.string() }),
]);

/** Integers that a double does not hold are in decimal. */
const fileStatSchema = z.object({
  dev: z.string(),
  ino: z.string(),
  ctime_ns: z.string(),
  size: z.number(),
  uid: z.number(),
  mode: z.number(),
  regular: z.boolean(),
});

const answerSchema = z.union([
  /** What the system says, or EACCES with a sentence. */
  z.object({ code: z.string(), message: z.string() }),
  z.object({ stat: fileStatSchema.optional(), base64: z.string().optional() }),
]);

export type SupervisorRequest = z.output<typeof supervisorRequestSchema>;
export type SupervisorAnswer = z.output<typeof answerSchema>;
export type FileStat = z.output<typeof fileStatSchema>;
type Done = Exclude<SupervisorAnswer, { code: string }>;

/** Whether this process is one that asks. */
export function hasSupervisor(): boolean {
  return process.env[SUPERVISOR_SOCKET] !== undefined;
}

/** Errors: those of the request, with their code; EACCES when nobody answers. */
export function askSupervisor(request: SupervisorRequest): Promise<Done> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const path = process.env[SUPERVISOR_SOCKET] ?? '';
    const connection = connect({ path, signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) });
    connection.on('error', (error) =>
      reject(withCode('EACCES', `"sluice up", which would do it, does not answer (${error.message})`)),
    );
    connection.on('data', (chunk) => chunks.push(chunk));
    connection.on('end', () => {
      const octets = Buffer.concat(chunks);
      try {
        const answer = answerSchema.parse(JSON.parse(octets.toString('utf8')));
        if ('code' in answer) reject(withCode(answer.code, answer.message));
        else resolve(answer);
      } catch (error) {
        reject(error);
      } finally {
        // It may be a secret.
        for (const part of [...chunks, octets]) part.fill(0);
      }
    });
    connection.end(JSON.stringify(request));
  });
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
