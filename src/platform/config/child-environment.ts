import { isSecret, Settings } from './settings.js';

/** Secrets of Roost that are not settings of the apps. */
const MORE_SECRETS = ['HISTORY_URL'];

/**
 * Returns the environment of a process for isolated tasks: all variables that handlers may need (their own, PATH, TZ,
 * ...), without Roost's secrets.
 */
export function childEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const secrets = Object.keys(new Settings()).filter(isSecret);
  const hidden = new Set([...secrets, ...MORE_SECRETS]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.has(name)));
}
