import type { Redis } from 'ioredis';

/** In the answer to INFO where this user of Redis may not ask for it. */
const NOT_TOLD = 'roost_not_told';

/**
 * Two habits of the client that do harm, mended on each connection and on those BullMQ makes from it:
 * an error of a login carries the password, and where an ACL forbids INFO no worker would start.
 */
export function mannered<R extends Redis>(redis: R): R {
  // The first listener: whoever comes later is handed the same object.
  redis.prependListener('error', forgetLogin);
  const info = redis.info.bind(redis) as (...args: unknown[]) => Promise<string>;
  const duplicate = redis.duplicate.bind(redis);
  return Object.assign(redis, {
    // ioredis itself calls it with a callback, before it says that it is ready.
    info(...args: unknown[]): Promise<string> {
      const callback = typeof args.at(-1) === 'function' ? (args.pop() as Callback) : undefined;
      const answer = info(...args).catch((error: unknown) => instead(redis, error));
      if (callback)
        answer.then(
          (text) => callback(null, text),
          (error: unknown) => callback(error),
        );
      return answer;
    },
    duplicate: (...args: Parameters<typeof duplicate>) => mannered(duplicate(...args)),
  });
}

type Callback = (error: unknown, text?: string) => void;

/** Whether INFO is forbidden to this user: `info` then has the version alone. */
export function isNotTold(info: ReadonlyMap<string, string>): boolean {
  return info.has(NOT_TOLD);
}

/** The greeting tells the version to everybody. */
async function instead(redis: Redis, error: unknown): Promise<string> {
  if (!(error instanceof Error) || !error.message.startsWith('NOPERM')) throw error;
  const greeting = (await redis.hello()) as unknown;
  const version = versionIn(greeting);
  if (!version) throw error;
  return `redis_version:${version}\r\n${NOT_TOLD}:INFO\r\n`;
}

/** A list of names and values, or a map, by the protocol spoken. */
function versionIn(greeting: unknown): string | undefined {
  if (greeting instanceof Map) return greeting.get('version') as string | undefined;
  if (Array.isArray(greeting)) return greeting[greeting.indexOf('version') + 1] as string | undefined;
  return (greeting as { version?: string } | null)?.version;
}

function forgetLogin(error: unknown): void {
  const { command } = (error ?? {}) as { command?: { name?: string; args?: unknown } };
  if (command && /^(auth|hello)$/i.test(command.name ?? '')) delete command.args;
}
