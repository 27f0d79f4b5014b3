import { ERRORS, type ErrorCode } from '../contract/errors.js';
import { ERROR_GUIDE } from './error-guide.js';
import { ref, type Schema } from './schema.js';

/** One call of the API, as the files in paths/ describe it. */
export interface Call {
  id: string;
  tag: string;
  summary: string;
  description?: string;
  parameters?: readonly object[];
  body?: object;
  /** Answers that are a success, by status. */
  answers: Record<number, Answer>;
  /** Codes of the answers that are none. INTERNAL is added to all, those of access to all but /health. */
  errors?: readonly ErrorCode[];
  /** Members of our own, such as the events of a stream. */
  more?: object;
}

export interface Answer {
  description: string;
  /** Missing for an answer without a body. */
  schema?: Schema;
  examples?: Record<string, object>;
  /** Defaults to JSON. Several where the caller chooses. */
  contentTypes?: readonly string[];
  headers?: Record<string, object>;
}

/** Open to everybody. */
const OPEN_TAG = 'Health';
/** What everybody else may be told at the door. */
const DOOR: readonly ErrorCode[] = [
  ...(['UNAUTHENTICATED', 'FORBIDDEN', 'CROSS_SITE'] as const),
  ...(['HOST_REFUSED', 'TOO_MANY_REQUESTS'] as const),
];

/** A call that only looks. */
export function reads(call: Call): object {
  return operation(call, call.tag === OPEN_TAG ? [] : DOOR);
}

/** A call that changes something. */
export function writes(call: Call): object {
  return operation(call, [...DOOR, 'READ_ONLY', 'CSRF_TOKEN_INVALID']);
}

function operation(call: Call, errors: readonly ErrorCode[]): object {
  const { id, tag, summary, description, parameters = [], body, answers, more } = call;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description ? { description } : {}),
    parameters: [...parameters, { $ref: '#/components/parameters/XRequestId' }],
    ...(body ? { requestBody: body } : {}),
    ...(tag === OPEN_TAG ? { security: [] } : {}),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, response(answer)])),
      ...problemResponses([...(call.errors ?? []), ...errors, 'INTERNAL']),
    },
    ...more,
  };
}

function response({
  description,
  schema,
  examples,
  contentTypes = ['application/json'],
  headers = {},
}: Answer): object {
  const body = { schema, ...(examples ? { examples } : {}) };
  const content = schema ? { content: Object.fromEntries(contentTypes.map((type) => [type, body])) } : {};
  return { description, headers: { ...HEADERS, ...headers }, ...content };
}

const HEADERS = { 'X-Request-Id': { $ref: '#/components/headers/XRequestId' } };

/** Problems by status, each with the codes this call can answer with and an example of each. */
function problemResponses(codes: readonly ErrorCode[]): Record<string, object> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries([...byStatus].map(([status, found]) => [status, problemResponse(status, found)]));
}

function problemResponse(status: number, codes: ErrorCode[]): object {
  return {
    description: codes.map((code) => `[\`${code}\`](#${code}): ${ERRORS[code].title}.`).join(' · '),
    headers: {
      ...HEADERS,
      ...(status === 503 || status === 429
        ? { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }
        : {}),
    },
    content: {
      'application/problem+json': {
        schema: { ...ref('Problem'), properties: { status: { const: status }, code: { enum: codes } } },
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleProblem(code) }])),
      },
    },
  };
}

function exampleProblem(code: ErrorCode): object {
  const { detail, fields, extra } = ERROR_GUIDE[code];
  return {
    type: `/api/docs#${code}`,
    ...ERRORS[code],
    detail,
    code,
    ...(fields ? { fields } : {}),
    requestId: '0b5f3f0a-9c0e-4f55-8a3b-6d1f1f0f6a5e',
    ...extra,
  };
}
