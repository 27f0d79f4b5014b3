import {
  AttemptView,
  LogLine,
  ProgressSample,
  StateCounts,
  TaskPage,
  TransitionView,
} from '../../model/task-view.js';
import { count, list, object, ref, type Schemas } from '../schema.js';

/** Shapes that the operations of tasks refer to by name. */
export const TASK_SHAPES = [AttemptView, LogLine, ProgressSample, StateCounts, TaskPage, TransitionView];

/** Schemas of lists of a task. */
export const TASK_SCHEMAS: Schemas = {
  AttemptList: object({ items: list(ref('AttemptView')) }),
  TransitionList: object({ items: list(ref('TransitionView')) }),
  ProgressList: object({ items: list(ref('ProgressSample')) }),
  LogPage: object({
    items: list(ref('LogLine')),
    total: count('Number of lines written; the last 1,000 are stored.'),
  }),
};
