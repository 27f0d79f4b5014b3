import type { ErrorCode } from '../../model/errors.js';

/** Reason why a reachable Redis refuses commands, in parts that form sentences. */
export interface Refusal {
  /** First word of the Redis error. */
  word: string;
  code: ErrorCode;
  /** Problem: `Redis is a read-only replica`. */
  what: string;
  /** Consequence. */
  so: string;
  /** Remedy. */
  cure: string;
  /** True if Redis still answers read commands. */
  canRead: boolean;
}

const NO_WRITES = 'nothing can be changed and no task is fetched';
const NO_ANSWERS = 'it answers no requests';

/** Refusals by the first word of the Redis error. Older versions put the word in the middle of a script's error. */
const REFUSALS: Record<string, Omit<Refusal, 'word'>> = {
  OOM: {
    code: 'STORAGE_FULL',
    what: 'Redis has no memory left',
    so: 'nothing new can be accepted',
    cure: 'Raise its maxmemory or remove finished tasks',
    canRead: true,
  },
  // Redis rejects writes while it cannot write its append-only file or its snapshot.
  MISCONF: {
    code: 'STORAGE_FULL',
    what: 'Redis cannot write to its disk',
    so: 'nothing new can be accepted',
    cure: 'Make room on that disk, or correct its permissions',
    canRead: true,
  },
  READONLY: {
    code: 'REDIS_READ_ONLY',
    what: 'Redis is a read-only replica',
    so: NO_WRITES,
    cure: 'Set REDIS_URL to the primary, or make this Redis the primary (REPLICAOF NO ONE)',
    canRead: true,
  },
  NOREPLICAS: {
    code: 'REDIS_READ_ONLY',
    what: 'Redis has fewer replicas connected than its min-replicas-to-write asks for',
    so: NO_WRITES,
    cure: 'Connect the replicas again, or lower min-replicas-to-write',
    canRead: true,
  },
  NOPERM: {
    code: 'REDIS_REFUSED',
    what: 'The user of REDIS_URL may not do everything that Roost needs',
    so: 'Redis refused a command',
    cure: 'Give it the rights of the ACL line in docs/security.md',
    canRead: true,
  },
  LOADING: {
    code: 'REDIS_REFUSED',
    what: 'Redis is still loading its data',
    so: NO_ANSWERS,
    cure: 'Wait until it has',
    canRead: false,
  },
  MASTERDOWN: {
    code: 'REDIS_REFUSED',
    what: 'Redis is a replica that has lost its primary',
    so: NO_ANSWERS,
    cure: 'Connect it to its primary, or set REDIS_URL to the primary',
    canRead: false,
  },
  BUSY: {
    code: 'REDIS_REFUSED',
    what: 'Redis is busy with a script that takes too long',
    so: NO_ANSWERS,
    cure: 'Wait for the script, or end it (SCRIPT KILL)',
    canRead: false,
  },
  CLUSTERDOWN: {
    code: 'REDIS_REFUSED',
    what: 'Redis is part of a cluster that is down',
    so: NO_ANSWERS,
    cure: 'Set REDIS_URL to a Redis that is not clustered',
    canRead: false,
  },
  MOVED: {
    code: 'REDIS_REFUSED',
    what: 'Redis is part of a cluster, which Roost cannot use',
    so: 'Redis refused a command',
    cure: 'Set REDIS_URL to a Redis that is not clustered',
    canRead: false,
  },
  NOAUTH: {
    code: 'REDIS_REFUSED',
    what: 'Redis refuses the user or the password of REDIS_URL',
    so: NO_ANSWERS,
    cure: 'Correct them',
    canRead: false,
  },
  MAXCLIENTS: {
    code: 'REDIS_REFUSED',
    what: 'Redis has as many connections as it allows',
    so: NO_ANSWERS,
    cure: 'Raise its maxclients, or close some connections',
    canRead: false,
  },
  QUOTA: {
    code: 'REDIS_REFUSED',
    what: 'The plan of this Redis is used up',
    so: NO_ANSWERS,
    cure: 'Raise its limits where it is hosted',
    canRead: false,
  },
};

/** Error words that are handled as another one. */
const SYNONYMS: Record<string, string> = {
  ASK: 'MOVED',
  CROSSSLOT: 'MOVED',
  TRYAGAIN: 'CLUSTERDOWN',
  WRONGPASS: 'NOAUTH',
};
const ERROR_WORD =
  /(?:^|-)(OOM|MISCONF|READONLY|NOREPLICAS|NOPERM|LOADING|MASTERDOWN|BUSY|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|CROSSSLOT|NOAUTH|WRONGPASS) /;

/** Finds the reason why Redis refused a command; undefined for any other error. */
export function findRefusal(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  const word = errorWord(error);
  const refusal = word === undefined ? undefined : REFUSALS[word];
  if (!refusal) return undefined;
  const denied = word === 'NOPERM' ? /run the '([\w|.-]{1,40})'/.exec(error.message)?.[1] : undefined;
  return {
    word: word!,
    ...refusal,
    ...(denied ? { what: `The user of REDIS_URL may not use ${denied.toUpperCase()}` } : {}),
  };
}

/** Refusal of a Redis that is still loading. */
export function getRefusal(word: 'LOADING'): Refusal {
  return { word, ...REFUSALS[word]! };
}

/** Refusal of a connection at login; `explanation` is a sentence. */
export function toConnectionRefusal(explanation: string): Refusal {
  return {
    word: 'NOT_LET_IN',
    code: 'REDIS_REFUSED',
    what: 'Redis does not let Roost in',
    so: NO_ANSWERS,
    cure: explanation.charAt(0).toUpperCase() + explanation.slice(1).replace(/\.$/, ''),
    canRead: false,
  };
}

/** Formats a refusal as two sentences. */
export function formatRefusal({ what, so, cure }: Pick<Refusal, 'what' | 'so' | 'cure'>, then = ''): string {
  return `${what}, so ${so}. ${cure}${then}.`;
}

function errorWord(error: Error): string | undefined {
  const { message } = error;
  // A failed transaction carries the errors of its commands.
  const { previousErrors = [] } = error as { previousErrors?: unknown[] };
  if (message.startsWith('EXECABORT')) {
    const parts = previousErrors.flatMap((part) => (part instanceof Error ? (errorWord(part) ?? []) : []));
    return parts[0];
  }
  if (/The user executing the script can't/.test(message)) return 'NOPERM';
  if (/max number of clients/.test(message)) return 'MAXCLIENTS';
  if (/^ERR max .*(request|size).* exceeded/.test(message)) return 'QUOTA';
  const word = ERROR_WORD.exec(message)?.[1];
  return word === undefined ? undefined : (SYNONYMS[word] ?? word);
}
