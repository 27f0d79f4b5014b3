import { Members } from '../../model/lenient-json.js';
import { parseObject, parseStored, parseStoredBody } from './parse-stored-json.js';

/**
 * Data of a BullMQ job with fields of Roost. They come first and the input last, so that the first few hundred bytes
 * contain everything that a list shows. A task without any, as most are, is stored as its input alone.
 */
export interface JobEnvelope {
  roost: 1;
  /** Hash of type, input and options, present with an Idempotency-Key. First field, so that a prefix of the data contains it. */
  fingerprint?: string;
  tags?: string[];
  /** Milliseconds since 1970. */
  expiresAt?: number;
  /** Id of the task of which this one is a rerun. */
  origin?: string;
  /** Id of the request that submitted it, for the logs of web and worker. */
  requestId?: string;
  input: unknown;
}

/** Decodes the data of a job. The whole data of another program's job is its input. */
export function decodeEnvelope(data: unknown): JobEnvelope {
  return isEnvelope(data) ? data : { roost: 1, input: data };
}

/** Custom option of a job: the packed id of its request, where its data is the input alone. */
const REQUEST_OPTION = 'rq';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PACKED_UUID = /^[\w-]{22}$/;
const STORED_REQUEST = /"rq":"[\w-]{22}",?/;

/** Returns the shortest data and options that `decodeEnvelope` and `requestIdOf` read back. */
export function encodeEnvelope(envelope: JobEnvelope): { data: unknown; options: Record<string, string> } {
  const { roost: _version, requestId, input, ...others } = envelope;
  const hasOthers = Object.values(others).some((value) => value !== undefined);
  // An input with such a member could be read as an envelope.
  const isPlain = typeof input === 'object' && input !== null && !('roost' in input);
  if (hasOthers || !isPlain) return { data: envelope, options: {} };
  if (requestId === undefined) return { data: input, options: {} };
  if (!UUID.test(requestId)) return { data: envelope, options: {} };
  const packed = Buffer.from(requestId.replaceAll('-', ''), 'hex').toString('base64url');
  return { data: input, options: { [REQUEST_OPTION]: packed } };
}

/** Returns the id of the request that submitted a job. */
export function requestIdOf({ requestId }: JobEnvelope, options: object): string | undefined {
  const packed = (options as Record<string, unknown>)[REQUEST_OPTION];
  if (requestId !== undefined || typeof packed !== 'string' || !PACKED_UUID.test(packed)) return requestId;
  const hex = Buffer.from(packed, 'base64url').toString('hex');
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return groups.join('-');
}

/** Removes the request's id from stored options, which are recorded with the task: it serves the logs alone. */
export function withoutRequestId(options: string | undefined): string | undefined {
  if (!options?.includes('"rq":"')) return options;
  return options.replace(STORED_REQUEST, '').replace(/,\}$/, '}');
}

function isEnvelope(data: unknown): data is JobEnvelope {
  return typeof data === 'object' && data !== null && (data as JobEnvelope).roost === 1 && 'input' in data;
}

/** Parses the data as stored in Redis. Invalid JSON (a damaged hash) becomes a text input. */
export function parseEnvelope(json: string | undefined): JobEnvelope {
  return decodeEnvelope(parseStored(json ?? 'null'));
}

/** Parses the data for display, with all digits of the numbers in the input. */
export function parseExactEnvelope(json: string | undefined): JobEnvelope {
  const data = parseStoredBody(json ?? 'null');
  const members: unknown = data instanceof Members ? Object.fromEntries(data.entries) : data;
  return isEnvelope(members) ? members : { roost: 1, input: data };
}

/** Parses the fingerprint of a task with an Idempotency-Key from the first bytes of its data. */
export function parseFingerprint(head: string): Pick<JobEnvelope, 'fingerprint'> {
  const [, fingerprint] = /^\{"roost":1,"fingerprint":"([\w-]+)"/.exec(head) ?? [];
  return fingerprint === undefined ? {} : { fingerprint };
}

const BEGINNING = '{"roost":1,';
const INPUT = ',"input":';

/** An envelope whose input was not parsed. */
export interface CutEnvelope {
  /** Input as stored, with the end of the envelope. */
  rest: string;
  /** Characters before the input. */
  inputAt: number;
  facts: EnvelopeFacts;
}

/** Checked members of an envelope, which anybody with access to Redis may have written. */
export interface EnvelopeFacts {
  tags: string[];
  expiresAt: number | undefined;
  origin: string | undefined;
}

/**
 * Cuts the input out of stored data, which may be cut itself: it comes last in our envelope. Undefined for data of another
 * program, all of which is input.
 */
export function cutEnvelope(data: string): CutEnvelope | undefined {
  const at = data.startsWith(BEGINNING) ? data.indexOf(INPUT) : -1;
  if (at < 0) return undefined;
  const inputAt = at + INPUT.length;
  return { rest: data.slice(inputAt), inputAt, facts: toFacts(parseObject(`${data.slice(0, at)}}`)) };
}

export function toFacts({
  tags,
  expiresAt,
  origin,
}: { [name in keyof JobEnvelope]?: unknown }): EnvelopeFacts {
  return {
    tags: Array.isArray(tags) ? tags.map(String) : [],
    expiresAt: typeof expiresAt === 'number' ? expiresAt : undefined,
    origin: origin ? String(origin) : undefined,
  };
}

/** True for data in an envelope, in which only Roost puts it. */
export function hasEnvelope(data: string | undefined): boolean {
  return data?.startsWith(BEGINNING) === true;
}
