import { parentPort, workerData } from 'node:worker_threads';
import type { FromRecorder, RecorderOptions, ToRecorder } from './messages.js';
import { Recorder } from './recorder.js';

/* Entry point of the recorder's thread. */
const port = parentPort!;
const recorder = new Recorder(workerData as RecorderOptions, (message: FromRecorder) =>
  port.postMessage(message),
);
port.on('message', (message: ToRecorder) => {
  if (message.type === 'stop') void recorder.stop().then(() => port.close());
  else void recorder.answerCaughtUp(message.n, message.maxMs);
});
void recorder.run();
