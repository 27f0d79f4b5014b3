import { parentPort, workerData } from 'node:worker_threads';
import { setRedaction } from '../../platform/redaction/redaction.js';
import { answerCalls } from './store-calls.js';
import { StoreEngine, type EngineOptions } from './store-engine.js';

/* Entry point of a store thread. If it cannot open its file, it answers every call with the error. */
setRedaction((workerData as EngineOptions).redact ?? []);
answerCalls(parentPort!, () => new StoreEngine(workerData as EngineOptions));
