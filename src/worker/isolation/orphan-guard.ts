import { parentPort, workerData } from 'node:worker_threads';

/*
 * Thread beside the main thread of a child: ends the process when its worker has exited, even while a handler
 * blocks the event loop and no other code in this process can run.
 */

const CHECK_INTERVAL_MS = 150;

/** Passed in rather than read: the worker may have exited before this thread starts. */
const worker = workerData as number;
setInterval(() => {
  // An orphan gets another parent process.
  if (process.ppid === worker) return;
  // Kills the group, to include the processes that the handler started. The child was started as the leader
  // of its own group.
  for (const target of [-process.pid, process.pid]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // The system has no process groups, or the process has exited.
    }
  }
}, CHECK_INTERVAL_MS);
parentPort?.postMessage('on guard');
