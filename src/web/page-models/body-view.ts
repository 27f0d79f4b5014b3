import type { TaskView } from '../../contract/task-view.js';
import { formatBytes } from './format.js';
import { toValue, type ValueView } from './value-view.js';

/** An input or result: whole, or its beginning and where the whole of it is. */
export interface BodyView extends ValueView {
  size: string;
  download?: string;
  /** What is not shown, and why. */
  note?: string;
}

/** Longest JSON on a page, in characters: the page is drawn again whenever something happens. */
const LONGEST = 32_000;
/** Of a longer one. */
const PREVIEW = 4_000;

/** @param beginning what is kept of one that was cut. */
export function toBody(
  task: TaskView,
  part: 'input' | 'result',
  beginning?: string | null,
): BodyView | undefined {
  const [path, queue = ''] = task.links.self.split('?');
  const download = `${path}/${part}${queue && `?${queue}`}`;
  if (task.cut?.includes(part)) {
    return {
      json: `${(beginning ?? '').slice(0, PREVIEW)}…`,
      size: '',
      note: 'It was too long for the history, which has its beginning only. Redis had all of it and has dropped the task.',
    };
  }
  const value = task[part];
  if (value === undefined) return undefined;
  const whole = JSON.stringify(value, null, 2) ?? 'null';
  const size = formatBytes(Buffer.byteLength(whole));
  if (whole.length <= LONGEST) return { ...toValue(value), size, download };
  return {
    json: `${whole.slice(0, PREVIEW)}…`,
    size,
    download,
    note: `The beginning of ${size}. The whole of it is a download away.`,
  };
}
