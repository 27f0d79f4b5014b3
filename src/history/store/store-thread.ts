import { parentPort, workerData } from 'node:worker_threads';
import { setRedaction } from '../../contract/redaction.js';
import { answerCalls } from './store-calls.js';
import { StoreEngine, type EngineOptions } from './store-engine.js';

/* The start of a thread of the store. One that cannot open its file answers every call with why. */
setRedaction((workerData as EngineOptions).redact ?? []);
answerCalls(parentPort!, () => new StoreEngine(workerData as EngineOptions));
