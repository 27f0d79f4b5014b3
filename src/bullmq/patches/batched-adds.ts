import type { Queue } from 'bullmq';
import { Command, type Redis } from 'ioredis';
import { encodeArgument, prepareScript, type PreparedScript } from './redis-protocol.js';

/** Used part of BullMQ's Redis backend. */
interface AddingBackend {
  /** Runs the script that adds a job. It reaches `client` before it waits for anything. */
  addJobToTransaction(
    client: ScriptClient,
    job: unknown,
    id: string | undefined,
    parent: object,
  ): Promise<unknown>;
  addJob(job: unknown, id: string | undefined, parent: object | undefined): Promise<string>;
  addJobs(entries: readonly Entry[]): Promise<string[]>;
  finishedErrors(of: { code: number; parentKey: string | undefined; command: string }): Error;
}

interface ScriptClient {
  /** `args`: the keys, then the arguments. */
  runCommand(name: string, args: (string | Buffer)[]): unknown;
}

interface Entry {
  job: unknown;
  jobId?: string;
  parentKeyOpts?: { parentKey?: string };
}

interface ClientInternals {
  stream: object & { writable: boolean };
  commandQueue: { push(item: { command: object; stream: undefined; select: number }): void };
  condition: { select: number };
}

/** Arguments of each script that adds a job after its keys: BullMQ's packed ones, the data, the packed options. */
const ARGUMENTS = 3;

/** Some jobs of a bulk could not be added; those without an error were. */
export class AddsFailedError extends Error {
  override name = 'AddsFailedError';

  /** @param errors in the order of the jobs. */
  constructor(readonly errors: readonly (Error | undefined)[]) {
    const first = errors.find((error) => error !== undefined);
    super(first?.message, { cause: first });
  }
}

/** A call in a batch but the last: the part of ioredis's command that its connection uses. */
class BatchedCall {
  readonly name = 'evalsha';
  readonly args: string[] = [];
  readonly isTraced = true;

  constructor(
    readonly text: string,
    readonly resolve: (reply: unknown) => void,
  ) {}

  reject(error: Error): void {
    this.resolve(error);
  }

  /** Called for a repetition on a new connection alone. */
  toWritable(): Buffer {
    return Buffer.from(this.text, 'latin1');
  }

  /** The limit of the last call is that of all. */
  setTimeout(): void {}

  setReplyContext(): void {}
}

/** The last call of a batch. It is written with those before it, and its reply comes last. */
class LastCall extends Command {
  constructor(
    private readonly inside: ClientInternals,
    private readonly earlier: BatchedCall[],
    private readonly text: string,
  ) {
    super('evalsha', [], { replyEncoding: 'utf8' });
  }

  override toWritable(): Buffer {
    const { commandQueue, condition } = this.inside;
    const earlier = this.earlier.splice(0);
    for (const command of earlier)
      commandQueue.push({ command, stream: undefined, select: condition.select });
    return Buffer.from(earlier.map(({ text }) => text).join('') + this.text, 'latin1');
  }
}

/** An encoded call: `head` is chosen when it is written. */
interface Call {
  script: PreparedScript;
  rest: string;
}

/**
 * Makes `addBulk` of a queue send its calls as one text, with one promise and one timer for all. A pipeline of ioredis
 * costs three times as much as the preparation of the jobs. Scripts, their arguments and the meaning of replies are
 * BullMQ's. A connection that is not ready and a cluster get each job by itself: a pipeline of BullMQ reports only its
 * first error, and adding a job again hides that its script has failed halfway.
 */
export function batchAdds(queue: Queue, redis: Redis): void {
  const { backend } = queue as unknown as { backend: AddingBackend };
  const inside = redis as unknown as ClientInternals;
  /** The encoded keys are the same for all jobs of a queue. */
  const prepared = new Map<string, { script: PreparedScript; keys: string }>();

  const toCall = (name: string, args: (string | Buffer)[]): Call | undefined => {
    const keyCount = args.length - ARGUMENTS;
    let known = prepared.get(name);
    if (!known) {
      const script = prepareScript(redis, name, ARGUMENTS);
      if (!script) return undefined;
      known = { script, keys: args.slice(0, keyCount).map(encodeArgument).join('') };
      prepared.set(name, known);
    }
    let rest = known.keys;
    for (let i = keyCount; i < args.length; i++) rest += encodeArgument(args[i]!);
    return { script: known.script, rest };
  };

  const encodeCalls = (entries: readonly Entry[]): Call[] | undefined => {
    const calls: Call[] = [];
    let call: Call | undefined;
    const client = {
      runCommand: (name: string, args: (string | Buffer)[]) => void (call = toCall(name, args)),
    };
    for (const { job, jobId, parentKeyOpts = {} } of entries) {
      call = undefined;
      const added = backend.addJobToTransaction(client, job, jobId, parentKeyOpts);
      if (call === undefined) {
        added.catch(() => undefined);
        return undefined;
      }
      calls.push(call);
    }
    return calls;
  };

  const addAlone = ({ job, jobId, parentKeyOpts }: Entry): Promise<unknown> =>
    backend.addJob(job, jobId, parentKeyOpts).catch((error: unknown) => error);

  const addTogether = async (entries: readonly Entry[], calls: readonly Call[]): Promise<unknown[]> => {
    const { stream } = inside;
    const replies = await sendCalls(redis, calls);
    // A Redis that forgot a script has not run it.
    if (replies.some(isForgotten)) for (const { script } of calls) script.known.delete(stream);
    return Promise.all(
      entries.map((entry, i) => {
        const reply = replies[i];
        if (isForgotten(reply)) return addAlone(entry);
        if (typeof reply !== 'number' || reply >= 0) return reply;
        const parentKey = entry.parentKeyOpts?.parentKey;
        return backend.finishedErrors({ code: reply, parentKey, command: 'addJob' });
      }),
    );
  };

  backend.addJobs = async (entries) => {
    const isReady = redis.status === 'ready' && inside.stream.writable && !redis.isCluster;
    const calls = isReady && entries.length > 0 ? encodeCalls(entries) : undefined;
    const replies = calls ? await addTogether(entries, calls) : await Promise.all(entries.map(addAlone));
    if (replies.some((reply) => reply instanceof Error))
      throw new AddsFailedError(replies.map((reply) => (reply instanceof Error ? reply : undefined)));
    return entries.map(({ jobId }, i) => jobId ?? String(replies[i]));
  };
}

/** Sends the calls in one write. Returns a reply or an error for each. @throws an error that concerns the connection. */
async function sendCalls(redis: Redis, calls: readonly Call[]): Promise<unknown[]> {
  const inside = redis as unknown as ClientInternals;
  const { stream } = inside;
  const replies = new Array<unknown>(calls.length);
  const earlier: BatchedCall[] = [];
  let text = '';
  calls.forEach(({ script: { known, bySha, bySource }, rest }, i) => {
    text = (known.has(stream) ? bySha : bySource) + rest;
    known.add(stream);
    if (i < calls.length - 1) earlier.push(new BatchedCall(text, (reply) => (replies[i] = reply)));
  });
  const last = new LastCall(inside, earlier, text);
  try {
    replies[calls.length - 1] = await (redis.sendCommand(last) as Promise<unknown>);
  } catch (error) {
    if (!isReplyError(error)) throw error;
    replies[calls.length - 1] = error;
  }
  return replies;
}

function isReplyError(reply: unknown): reply is Error {
  return reply instanceof Error && reply.name === 'ReplyError';
}

/** Whether Redis does not have the script, after a restart or a flush. */
function isForgotten(reply: unknown): boolean {
  return isReplyError(reply) && reply.message.startsWith('NOSCRIPT');
}
