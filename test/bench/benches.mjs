import { workerNoOp } from './p3-worker.mjs';

/** In the order they are run and printed. `weight`: share of the time each may take. */
export const BENCHES = [workerNoOp];
