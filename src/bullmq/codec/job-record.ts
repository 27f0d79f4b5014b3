import type { TaskState } from '../../model/states.js';
import type { TaskFailure } from '../../model/task-view.js';
import { READ_FIELDS } from '../scripts/read-tasks.js';

/** Hash of a BullMQ job as `READ_TASKS` returns it. Numbers are text. */
export type JobRecord = { [field in (typeof READ_FIELDS)[number]]?: string } & {
  id: string;
  queue: string;
  state: TaskState;
  /** ms; only while `delayed`. */
  delayUntil: number;
  dataCut: boolean;
  resultCut: boolean;
  /** Full error of the last attempt, loaded only for a single task. */
  failure?: TaskFailure;
};

export function toJobRecord(queue: string, id: string, row: (string | null)[], cut: number): JobRecord {
  const [state, delayUntil, dataLength, resultLength, ...values] = row;
  const record: JobRecord = {
    id,
    queue,
    state: state as TaskState,
    delayUntil: Number(delayUntil),
    dataCut: cut > 0 && Number(dataLength) > cut,
    resultCut: cut > 0 && Number(resultLength) > cut,
  };
  READ_FIELDS.forEach((field, i) => {
    const value = values[i];
    if (value !== null && value !== undefined) record[field] = value;
  });
  return record;
}
