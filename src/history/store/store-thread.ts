import { parentPort, workerData } from 'node:worker_threads';
import { answerCalls } from './store-calls.js';
import { StoreEngine, type EngineOptions } from './store-engine.js';

/* The start of a thread of the store. One that cannot open its file answers every call with why. */
answerCalls(parentPort!, () => new StoreEngine(workerData as EngineOptions));
