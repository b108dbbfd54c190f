// Opens a listening socket in the network namespace that it was started in, and hands it to whoever started it.
import { createServer } from 'node:net';

const [address = '', port = ''] = process.argv.slice(2);
const server = createServer();
const say = (message: { code: string } | { listening: true }, handle?: typeof server): void => {
  // Gone with the process: the other end holds it then.
  process.send?.(message, handle, {}, () => process.exit(0));
};
server.once('error', (error: NodeJS.ErrnoException) => say({ code: error.code ?? error.message }));
server.listen({ host: address, port: Number(port) }, () => say({ listening: true }, server));
