import { createHash } from 'node:crypto';
import { toJson } from '../model/lenient-json.js';
import type { Redaction } from '../platform/redaction/redaction.js';
import type { HistoryPage, HistoryPageJson } from './ports/history-store.js';
import { toTaskView } from './to-task-view.js';

/** Serializes a page as `TaskPage`, in the store's thread: the thread that answers requests only sends it. */
export function toPageJson(
  { items, ...rest }: HistoryPage,
  rules: Redaction,
  now: number,
): Pick<HistoryPageJson, 'bytes' | 'etag'> {
  const text = toJson({ items: items.map((task) => toTaskView(task, rules, now)), ...rest });
  const bytes = new TextEncoder().encode(text);
  const hash = createHash('sha1').update(bytes).digest('base64').slice(0, 27);
  return { bytes, etag: `W/"${bytes.byteLength.toString(16)}-${hash}"` };
}
