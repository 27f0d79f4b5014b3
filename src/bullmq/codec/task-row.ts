import type { TaskState } from '../../model/states.js';
import { decodeFields, JOB_FIELDS, textOf, type FieldValue, type TaskRecord } from './task-record.js';

/** Answer of READ_TASKS for one job. */
export type TaskRow = readonly FieldValue[];

const FIRST_FIELD = 4;
const FIRST_OTHER = FIRST_FIELD + JOB_FIELDS.length;

/** Decodes an answer of READ_TASKS. `cut`: longest body that was requested, bytes; 0 for no limit. */
export function decodeTaskRow(
  { queue, id }: { queue: string; id: string },
  row: TaskRow,
  cut: number,
): TaskRecord {
  const [state, delayUntil, dataBytes, resultBytes] = row;
  const [cancelRequest, parentKey, scheduleKey, , data, result] = row.slice(FIRST_OTHER).map(textOf);
  return {
    id,
    queue,
    state: state as TaskState,
    delayUntil: Number(delayUntil),
    ...decodeFields(row, FIRST_FIELD),
    data,
    dataBytes: Number(dataBytes),
    dataCut: cut > 0 && Number(dataBytes) > cut,
    result,
    resultBytes: Number(resultBytes),
    resultCut: cut > 0 && Number(resultBytes) > cut,
    cancelRequest,
    parentKey,
    scheduleKey,
  };
}
