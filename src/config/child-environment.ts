import { isSecret, Settings } from './settings.js';

/** Of Roost's own, not settings of the apps. */
const MORE_SECRETS = ['HISTORY_URL'];

/**
 * The environment of a process that runs isolated tasks: all that handlers may want to read (their own variables,
 * PATH, TZ, ...), without what opens Roost's own doors.
 */
export function childEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const secrets = Object.keys(new Settings()).filter(isSecret);
  const hidden = new Set([...secrets, ...MORE_SECRETS]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.has(name)));
}
