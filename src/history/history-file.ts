import { resolve } from 'node:path';
import type { Settings } from '../platform/config/settings.js';

/** Resolves the path in HISTORY_URL from the folder in which the process was started. */
export function historyFile({ HISTORY_URL }: Pick<Settings, 'HISTORY_URL'>): string {
  return resolve(HISTORY_URL.slice('file:'.length));
}
