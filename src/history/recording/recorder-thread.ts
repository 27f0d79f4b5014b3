import { parentPort, workerData } from 'node:worker_threads';
import { openRecordingStore } from '../adapter.js';
import type { FromRecorder, RecorderOptions, ToRecorder } from './messages.js';
import { Recorder } from './recorder.js';

/* Entry point of the recorder's thread. */
const port = parentPort!;
const options = workerData as RecorderOptions;
const recorder = new Recorder(
  options,
  openRecordingStore({ redact: [], ...options }),
  (message: FromRecorder) => port.postMessage(message),
);
port.on('message', (message: ToRecorder) => {
  if (message.type === 'stop') void recorder.stop().then(() => port.close());
  else void recorder.answerCaughtUp(message.n, message.maxMs);
});
void recorder.run();
