import { BenchProcess } from './processes.mjs';

/** Starts one of the programs in `peers/` and waits until it says that it is ready; it has its `url` where it serves one. */
export async function startPeer(context, name, args, nodeArgs = []) {
  const peer = new BenchProcess(name, process.execPath, [...nodeArgs, context.build.peer(name), ...args], {
    cwd: context.scratch,
    ipc: true,
  });
  const { url } = await peer.message('ready');
  return Object.assign(peer, { url });
}
