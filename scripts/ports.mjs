import { createServer } from 'node:net';

/** Undefined when a server may listen there, else the code of the error (EADDRINUSE, EACCES, EADDRNOTAVAIL ...). */
export function whyNotFree(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** The first free port from `first` on. */
export async function nextFreePort(first, host = '127.0.0.1') {
  for (let port = first; port < Math.min(first + 200, 65_536); port++) {
    if (!(await whyNotFree(port, host))) return port;
  }
  return anyFreePort(host);
}

/** Returns a port that the system picks; another process may bind it before it is used. */
export function anyFreePort(host = '127.0.0.1') {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
