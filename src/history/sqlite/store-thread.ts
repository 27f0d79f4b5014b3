import { parentPort, workerData } from 'node:worker_threads';
import { answerCalls } from './store-calls.js';
import { StoreEngine, type EngineOptions } from './store-engine.js';

/* Entry point of a store thread. If it cannot open its file, it answers every call with the error. */
answerCalls(parentPort!, () => new StoreEngine(workerData as EngineOptions));
