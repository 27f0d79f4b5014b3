import { nearName } from '../../model/near-name.js';
import { SettingsError } from './load-settings.js';
import type { Settings } from './settings.js';

/**
 * Returns the queues that a worker serves: all, unless WORKER_QUEUES is set.
 * @throws SettingsError if WORKER_QUEUES names an unknown queue.
 */
export function servedQueues({ WORKER_QUEUES }: Settings, queues: readonly string[]): string[] {
  const unknown = WORKER_QUEUES.filter((name) => !queues.includes(name));
  if (unknown.length > 0) {
    const near = nearName(unknown[0]!, queues);
    throw new SettingsError([
      `WORKER_QUEUES must be a list of queues separated by commas; there are: ${queues.join(', ')} (it is "${WORKER_QUEUES.join(',')}")${near ? `; did you mean ${near}?` : ''}`,
    ]);
  }
  return WORKER_QUEUES.length > 0 ? [...new Set(WORKER_QUEUES)] : [...queues];
}
