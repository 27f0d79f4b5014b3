import type { ErrorCode, FieldProblem } from '../../model/errors.js';
import { RoostClientError } from '../errors.js';

/** Refusals that a later repeat of the request can overcome. */
const TEMPORARY_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** Codes of a 5xx after which the request may have had its effect. So may one without a code, which a proxy sent. */
const UNKNOWN_OUTCOME_CODES: ReadonlySet<string> = new Set(['REDIS_UNAVAILABLE', 'INTERNAL']);
/** Network errors before anything was sent. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'],
  ...['ENETDOWN', 'EADDRNOTAVAIL', 'UND_ERR_CONNECT_TIMEOUT'],
]);
/** Errors that no repeat can help: the certificate of the server, or its protocol. */
const PERMANENT = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HPE_|ERR_INVALID_)/;
const MAX_SHOWN = 200;

/** Outcome of one try that did not succeed. */
export interface Failure {
  error: RoostClientError;
  /** A later repeat can succeed. */
  isTemporary: boolean;
  /** The request may have had its effect. */
  mayHaveArrived: boolean;
  /** Pause that the server asks for, ms. */
  retryAfterMs: number;
}

/** @param body text of the answer. */
export function fromAnswer(url: URL, response: Response, body: string): Failure {
  const problem = parseProblem(response, body);
  const error = problem ? fromProblem(url, problem) : notRoost(url, response, body);
  const { status } = response;
  return {
    error,
    isTemporary: TEMPORARY_STATUSES.has(status) && error.code !== 'WORKER_NO_ANSWER',
    mayHaveArrived: status >= 500 && (!problem || UNKNOWN_OUTCOME_CODES.has(error.code)),
    retryAfterMs: Number(response.headers.get('retry-after') ?? 0) * 1000 || 0,
  };
}

/** @param thrown what `fetch` or reading the body threw; undefined where the time limit of the try was over. */
export function fromNetwork(url: URL, thrown: unknown, tryTimeoutMs: number): Failure {
  const code = thrown === undefined ? 'TIMEOUT' : codeOf(thrown);
  const neverSent = NEVER_SENT.has(code);
  const isPermanent = PERMANENT.test(code);
  const cause = thrown === undefined ? {} : { cause: thrown };
  return {
    error: new RoostClientError('UNREACHABLE', unreachable(url, code, tryTimeoutMs), cause),
    isTemporary: !isPermanent,
    mayHaveArrived: !neverSent && !isPermanent,
    retryAfterMs: 0,
  };
}

/** Error for an answer that no Roost gives. */
export function notRoost(url: URL, response: Response, body: string): RoostClientError {
  const { status } = response;
  const to = response.headers.get('location');
  const shown = JSON.stringify(body.slice(0, MAX_SHOWN));
  const problem = to
    ? `redirects to ${to}. Pass the address of the web app itself to Roost.connect`
    : `answered ${status} without Roost's JSON (${shown}). Check the URL and the proxy before it`;
  const code = status >= 500 ? 'UNREACHABLE' : 'NOT_ROOST';
  return new RoostClientError(code, `${url.href} ${problem}.`, { status });
}

/** Members of a problem document (RFC 9457) as the web app sends it. */
interface Problem {
  code: ErrorCode;
  detail: string;
  status: number;
  fields?: FieldProblem[];
  requestId?: string;
}

function parseProblem(response: Response, body: string): Problem | undefined {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return undefined;
  try {
    const problem = JSON.parse(body) as Problem;
    // A newer server may have codes that this client does not know.
    return typeof problem.detail === 'string' && typeof problem.code === 'string' ? problem : undefined;
  } catch {
    return undefined;
  }
}

function fromProblem(url: URL, problem: Problem): RoostClientError {
  const { code, detail, status, fields, requestId, ...rest } = problem;
  const { type: _type, title: _title, ...details } = rest as Record<string, unknown>;
  return new RoostClientError(code, `${detail}${cure(url, code)}`, {
    status,
    details,
    ...(fields ? { fields } : {}),
    ...(requestId ? { requestId } : {}),
  });
}

/** Adds the cure for programs where the server's text is for users. */
function cure(url: URL, code: ErrorCode): string {
  if (code === 'UNAUTHENTICATED') {
    return ` Pass a valid token: Roost.connect('${url.origin}', { token }). Users create and revoke tokens on the page /access/tokens.`;
  }
  if (code === 'FORBIDDEN') return ' Use a token with this permission.';
  return '';
}

function unreachable(url: URL, code: string, tryTimeoutMs: number): string {
  const { origin } = url;
  if (code === 'TIMEOUT') return `${origin} did not answer within ${tryTimeoutMs} ms.`;
  if (code === 'ECONNREFUSED')
    return `Nothing listens on ${origin}. Start the web app, or correct the URL that was passed to Roost.connect.`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `The host name of ${origin} cannot be resolved. Correct the URL that was passed to Roost.connect.`;
  if (/^HPE_|^HTTPParserError$/.test(code))
    return `${origin} does not speak HTTP (${code}). Check port and protocol of the URL.`;
  if (PERMANENT.test(code))
    return `The TLS connection to ${origin} failed (${code}). Set NODE_EXTRA_CA_CERTS to your CA, or correct the URL.`;
  return `The connection to ${origin} failed (${code}).`;
}

/** Code of the innermost error that has one. */
function codeOf(thrown: unknown): string {
  let code = 'no code';
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const own = (error as NodeJS.ErrnoException).code;
    if (typeof own === 'string') code = own;
    // Node 24 gives it no code.
    else if (error.name === 'HTTPParserError') code = error.name;
  }
  return code;
}
