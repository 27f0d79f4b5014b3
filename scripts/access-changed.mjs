// Notifies running web apps that users have changed, so that they check open event streams at once.
import { askRedis, parseRedisUrl } from './redis-client.mjs';
import { runningEmbedded } from './redis-embedded.mjs';

const TIMEOUT_MS = 1_000;

/** Best effort: a web app on this machine notices its file of users within a second, any other within half a minute. */
export async function announceAccessChange() {
  try {
    const named = process.env.REDIS_URL?.trim();
    const target = named ? parseRedisUrl(named) : (await runningEmbedded())?.target;
    if (!target) return;
    const prefix = process.env.QUEUE_PREFIX?.trim() || 'roost';
    // The channel of src/auth/session-changes.ts.
    await askRedis(target, [['PUBLISH', `${prefix}:access:changes`, '1']], TIMEOUT_MS);
  } catch {
    // The change is in the file; Redis only makes it known faster.
  }
}
