import { toIndentedJson } from '../../model/lenient-json.js';
import type { TaskView } from '../../model/task-view.js';
import { formatBytes } from '../kit/format.js';
import { toValue, type ValueView } from './value-view.js';

/** Input or result: complete, or its beginning with a link to the rest. */
export interface BodyView extends ValueView {
  size: string;
  download?: string;
  /** Note about the part that is not shown. */
  note?: string;
}

/** Maximum length of JSON on a page, in characters: the page is redrawn on every event. */
const MAX_JSON_LENGTH = 32_000;
/** Length of the beginning shown of a longer JSON text, in characters. */
const PREVIEW_LENGTH = 4_000;

/** @param beginning stored part of a body that was cut. */
export function toBody(
  task: TaskView,
  part: 'input' | 'result',
  beginning?: string | null,
): BodyView | undefined {
  const [path, queue = ''] = task.links.self.split('?');
  const download = `${path}/${part}${queue && `?${queue}`}`;
  if (task.cut?.includes(part)) {
    return {
      json: `${(beginning ?? '').slice(0, PREVIEW_LENGTH)}…`,
      size: '',
      note: 'It was too long for the history, which has its beginning only. Redis had all of it and has dropped the task.',
    };
  }
  const value = task[part];
  if (value === undefined) return undefined;
  const whole = toIndentedJson(value);
  const size = formatBytes(Buffer.byteLength(whole));
  if (whole.length <= MAX_JSON_LENGTH) return { ...toValue(value), size, download };
  return {
    json: `${whole.slice(0, PREVIEW_LENGTH)}…`,
    size,
    download,
    note: `The beginning of ${size}. The whole of it is a download away.`,
  };
}
