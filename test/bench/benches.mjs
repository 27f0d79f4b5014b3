import { submitOverHttp } from './p1-submit.mjs';
import { bulkSubmit } from './p2-bulk.mjs';
import { workerNoOp } from './p3-worker.mjs';
import { progressReports } from './p4-progress.mjs';
import { roundTrip } from './p5-round-trip.mjs';
import { wholeStack } from './p13-whole-stack.mjs';

/** In the order they are run and printed. `weight`: share of the time each may take. */
export const BENCHES = [submitOverHttp, bulkSubmit, workerNoOp, progressReports, roundTrip, wholeStack];
