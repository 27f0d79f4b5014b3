import { submitOverHttp } from './p1-submit.mjs';
import { bulkSubmit } from './p2-bulk.mjs';
import { workerNoOp } from './p3-worker.mjs';
import { progressReports } from './p4-progress.mjs';
import { roundTrip } from './p5-round-trip.mjs';
import { search } from './p6-search.mjs';
import { streams } from './p7-streams.mjs';
import { redisMemory } from './p8-memory.mjs';
import { recorder } from './p9-recorder.mjs';
import { start } from './p10-start.mjs';
import { list } from './p11-list.mjs';
import { fleet } from './p12-fleet.mjs';
import { wholeStack } from './p13-whole-stack.mjs';
import { searchableHistory } from './p16-history.mjs';
import { growth } from './growth.mjs';
import { sideBySide } from './scaling.mjs';
import { otherLibraries } from './libs.mjs';

/** In the order they are run and printed. `weight`: share of the time each may take; `apart`: only where it is named. */
export const BENCHES = [
  submitOverHttp,
  bulkSubmit,
  workerNoOp,
  progressReports,
  roundTrip,
  search,
  streams,
  redisMemory,
  recorder,
  start,
  list,
  fleet,
  wholeStack,
  searchableHistory,
  growth,
  sideBySide,
  otherLibraries,
];
