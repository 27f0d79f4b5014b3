import { parseStored } from './stored-json.js';

/**
 * What BullMQ keeps as a job's data. Our own words about the task stand first and the input last, so
 * that the first few hundred bytes tell a list all it shows.
 */
export interface JobEnvelope {
  roost: 1;
  /** Of type, input and options, where an Idempotency-Key was given; stands first, so that it is found without reading all. */
  fingerprint?: string;
  tags?: string[];
  /** Milliseconds since 1970. */
  expiresAt?: number;
  /** Id of the task this one was rerun from. */
  origin?: string;
  /** Id of the request that handed it in: the same in the logs of web and worker. */
  requestId?: string;
  input: unknown;
}

/** The envelope of a job's data; a job that another program added is all input. */
export function toEnvelope(data: unknown): JobEnvelope {
  if (typeof data === 'object' && data !== null && (data as JobEnvelope).roost === 1 && 'input' in data) {
    return data as JobEnvelope;
  }
  return { roost: 1, input: data };
}

/** The same from Redis, where a damaged hash may hold anything: what is no JSON is taken for text. */
export function parseEnvelope(json: string | undefined): JobEnvelope {
  return toEnvelope(parseStored(json ?? 'null'));
}

/** The fingerprint of a keyed task, from the beginning of its data. */
export function keyedHead(head: string): Pick<JobEnvelope, 'fingerprint'> {
  const [, fingerprint] = /^\{"roost":1,"fingerprint":"([\w-]+)"/.exec(head) ?? [];
  return fingerprint === undefined ? {} : { fingerprint };
}
