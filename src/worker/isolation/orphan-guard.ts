import { parentPort, workerData } from 'node:worker_threads';

/*
 * A thread beside the one that runs the task: ends the process when its worker is gone, even while a handler blocks
 * the event loop and nothing else in here could notice.
 */

const EVERY_MS = 150;

/** Told, not looked up: by the time this thread is up the worker may be gone already. */
const worker = workerData as number;
setInterval(() => {
  // An orphan is handed to another parent.
  if (process.ppid === worker) return;
  // The group: what the handler started has to go as well. It is ours alone, the child was started as its leader.
  for (const target of [-process.pid, process.pid]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // No such group where processes have none.
    }
  }
}, EVERY_MS);
parentPort?.postMessage('on guard');
