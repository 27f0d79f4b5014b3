import type { Job, JobsOptions, Worker } from 'bullmq';
import { Command, type Redis } from 'ioredis';
import {
  encodeArgument,
  encodeBytes,
  prepareScript,
  toBytes,
  type PreparedScript,
} from './redis-protocol.js';

/** Used part of BullMQ's Redis backend. */
export interface CompletingBackend {
  moveToCompletedArgs(
    job: Job,
    value: string,
    removeOnComplete: JobsOptions['removeOnComplete'],
    token: string,
    fetchNext: boolean,
  ): (string | number | Buffer | undefined)[];
  execCommand(client: unknown, script: string, args: unknown): unknown;
  readonly version: string;
}

/** A job with fields of its hash that are stored with its completion, by the same script. */
export interface CompletedJob extends Job {
  lastFields?: Record<string, string>;
}

/** Positions in the keys and arguments of `moveToFinished`. All others are the same for each job of a worker. */
const JOB_KEY = 11;
const ID = 14;
const NOW = 15;
const VALUE = 17;
const FETCH_NEXT = 19;
const OPTIONS = 21;
const FIELDS = 22;

/** Token in a packed template. Its length is stored in one byte before it, as that of every token of a worker. */
const TEMPLATE_TOKEN = '-'.repeat(40);

/** Arguments of `moveToFinished` after its keys. */
const ARGUMENTS = 9;

/** A call of `moveToFinished`. */
class CompletionCommand extends Command {
  private socket: object | undefined;

  constructor(
    private readonly redis: Redis,
    private readonly script: PreparedScript,
    private readonly rest: string,
  ) {
    super('evalsha', [script.sha], { replyEncoding: 'utf8' });
    const { reject } = this;
    this.reject = (error) => {
      // A Redis that forgot its scripts has not run this one.
      if (!error.message.startsWith('NOSCRIPT')) return reject(error);
      if (this.socket) script.known.delete(this.socket);
      void this.redis.sendCommand(this);
    };
  }

  /** A socket gets the source of the script once. */
  override toWritable(socket: object): Buffer {
    const { known, bySha, bySource } = this.script;
    const head = known.has(socket) ? bySha : bySource;
    known.add(socket);
    this.socket = socket;
    return Buffer.from(head + this.rest, 'latin1');
  }
}

/** The encoded parts of a call that are the same for all jobs with one number of attempts. */
interface Template {
  keys: string;
  keysAfterJob: string;
  /** Name of the value's field. */
  field: string;
  state: string;
  prefix: string;
  optionsBeforeToken: string;
  optionsAfterToken: string;
}

/**
 * Sends BullMQ's `moveToFinished` for a completed job. BullMQ packs the worker's options, and ioredis encodes 24 arguments,
 * for each job anew; here both are done once, by BullMQ's and ioredis's own code. Script, arguments and answer are BullMQ's.
 */
export class CompletionScript {
  private script: PreparedScript | undefined;
  private templates = new Map<unknown, Template>();
  private options: unknown[] = [];

  constructor(
    private readonly redis: Redis,
    private readonly backend: CompletingBackend,
    private readonly worker: Pick<Worker, 'opts' | 'toKey'>,
  ) {
    const run = backend.execCommand.bind(backend);
    backend.execCommand = (client, script, args) =>
      args instanceof CompletionCommand ? redis.sendCommand(args) : run(client, script, args);
  }

  /** Returns the command for BullMQ's `moveToFinished`: encoded here, or BullMQ's own arguments where it cannot be. */
  toCommand(job: CompletedJob, value: string, token: string, fetchNext: boolean, now: number): unknown {
    const fields = job.lastFields ? packFields(job.lastFields) : '';
    const command = this.encodeCommand(job, value, token, fetchNext, now, fields);
    if (command) return command;
    const args = this.backend.moveToCompletedArgs(job, value, job.opts.removeOnComplete, token, fetchNext);
    if (fields !== '') args[FIELDS] = Buffer.from(fields, 'latin1');
    return args;
  }

  /** Returns undefined for a job or a connection that needs BullMQ's way. */
  private encodeCommand(
    job: Job,
    value: string,
    token: string,
    fetchNext: boolean,
    now: number,
    fields: string,
  ): CompletionCommand | undefined {
    const { id, opts } = job;
    const isOrdinary = opts.removeOnComplete === undefined && opts.parent === undefined;
    if (!id || !isOrdinary || token.length < 32 || token.length > 255) return undefined;
    if (this.redis.isCluster || this.redis.status !== 'ready') return undefined;
    const script = (this.script ??= prepareScript(
      this.redis,
      `moveToFinished:${this.backend.version}`,
      ARGUMENTS,
    ));
    const template = this.templateFor(job);
    if (!script || !template) return undefined;
    const { keys, keysAfterJob, field, state, prefix, optionsBeforeToken, optionsAfterToken } = template;
    const options = `${optionsBeforeToken}${String.fromCharCode(token.length)}${token}${optionsAfterToken}`;
    const rest =
      `${keys}${encodeArgument(this.worker.toKey(id))}${keysAfterJob}${encodeArgument(id)}${encodeArgument(String(now))}${field}${encodeArgument(value)}` +
      `${state}${fetchNext ? '$1\r\n1\r\n' : '$1\r\n0\r\n'}${prefix}${encodeBytes(options)}${encodeBytes(fields)}`;
    return new CompletionCommand(this.redis, script, rest);
  }

  private templateFor(job: Job): Template | undefined {
    const { name, lockDuration, removeOnComplete } = this.worker.opts;
    const options = [name, lockDuration, removeOnComplete];
    if (options.some((option, i) => option !== this.options[i])) {
      this.options = options;
      this.templates.clear();
    }
    const { attempts } = job.opts;
    const template = this.templates.get(attempts) ?? this.toTemplate(job);
    if (template) this.templates.set(attempts, template);
    return template;
  }

  private toTemplate(job: Job): Template | undefined {
    const args = this.backend.moveToCompletedArgs(job, '', undefined, TEMPLATE_TOKEN, true);
    const packed = (args[OPTIONS] as Buffer).toString('latin1');
    const at = packed.indexOf(TEMPLATE_TOKEN);
    if (at < 0) return undefined;
    const all = (from: number, to: number) =>
      args
        .slice(from, to)
        .map((arg) => encodeArgument(String(arg ?? '')))
        .join('');
    return {
      keys: all(0, JOB_KEY),
      keysAfterJob: all(JOB_KEY + 1, ID),
      field: all(NOW + 1, VALUE),
      state: all(VALUE + 1, FETCH_NEXT),
      prefix: all(FETCH_NEXT + 1, OPTIONS),
      optionsBeforeToken: packed.slice(0, at - 1),
      optionsAfterToken: packed.slice(at + TEMPLATE_TOKEN.length),
    };
  }
}

/** Packs fields as BullMQ packs those to be set: an array of names and values in MessagePack. */
function packFields(fields: Record<string, string>): string {
  const texts = Object.entries(fields).flat();
  let packed = `\xdc${toUint16(texts.length)}`;
  for (const text of texts) {
    const bytes = toBytes(text);
    packed += `\xda${toUint16(bytes.length)}${bytes}`;
  }
  return packed;
}

function toUint16(value: number): string {
  return String.fromCharCode(value >> 8, value & 0xff);
}
