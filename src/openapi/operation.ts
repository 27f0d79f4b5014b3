import { ERRORS, type ErrorCode } from '../model/errors.js';
import type { TSchema } from '../model/schema.js';
import { ERROR_GUIDE } from './error-guide.js';
import { ref } from './named-schemas.js';

/** One operation of the API, as described beside its controller. */
interface Operation {
  id: string;
  summary: string;
  description?: string;
  parameters?: readonly object[];
  body?: Body;
  /** Successful answers by status: a description, and the schema of the body if there is one. */
  answers: Record<number, string | readonly [description: string, schema: TSchema, more?: AnswerDetails]>;
  /** Error codes. INTERNAL and SHUTTING_DOWN are added to all operations, those of access control to all but /health. */
  errors?: readonly ErrorCode[];
  /** Further members, such as the events of a stream. */
  more?: object;
}

interface AnswerDetails {
  examples?: Record<string, object>;
  /** Defaults to JSON. Several where the client chooses. */
  contentTypes?: readonly string[];
  headers?: Record<string, object>;
}

interface Body {
  required: boolean;
  description?: string;
  content: Record<string, { schema: TSchema; examples: Record<string, object> }>;
}

type Route = `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`;
export type Paths = Record<string, Record<string, object>>;

/** Error codes of a request whose body cannot be read. Operations with a body have them; others that check one list them. */
export const UNREADABLE: readonly ErrorCode[] = [
  'BODY_MALFORMED',
  'BODY_TOO_LARGE',
  'CONTENT_TYPE_UNSUPPORTED',
];
/** Tag of the operations that need no login. */
const OPEN_TAG = 'Health';
/** Error codes of access control. */
const ACCESS_CODES: readonly ErrorCode[] = [
  ...(['UNAUTHENTICATED', 'FORBIDDEN', 'CROSS_SITE'] as const),
  ...(['HOST_REFUSED', 'TOO_MANY_REQUESTS'] as const),
];

/** Describes the operations of a feature by route, such as `GET /api/v1/limits/{type}`. */
export function operations(tag: string, calls: Record<Route, Operation>): Paths {
  const paths: Paths = {};
  for (const [route, call] of Object.entries(calls)) {
    const [method, path] = route.split(' ') as [string, string];
    (paths[path] ??= {})[method.toLowerCase()] = describe(tag, method !== 'GET', call);
  }
  return paths;
}

/** Describes a JSON body with examples by title; one with a summary holds its value in `value`. */
export function json(schema: TSchema, examples: Record<string, object>, required = true): Body {
  const shown = Object.entries(examples).map(([title, example]) => [
    title,
    'summary' in example ? example : { value: example },
  ]);
  return { required, content: { 'application/json': { schema, examples: Object.fromEntries(shown) } } };
}

function describe(tag: string, writes: boolean, call: Operation): object {
  const { id, summary, description, parameters = [], body, answers, more } = call;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description ? { description } : {}),
    parameters: [...parameters, { $ref: '#/components/parameters/XRequestId' }],
    ...(body ? { requestBody: body } : {}),
    ...(tag === OPEN_TAG ? { security: [] } : {}),
    responses: joined(
      Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, response(answer)])),
      problemResponses(codesOf(tag, writes, call)),
    ),
    ...more,
  };
}

/** Adds the codes that an operation has because of its kind. */
function codesOf(tag: string, writes: boolean, { body, errors = [] }: Operation): ErrorCode[] {
  const codes: ErrorCode[] = [...errors, 'INTERNAL', 'SHUTTING_DOWN'];
  if (body) codes.push(...UNREADABLE);
  if (tag !== OPEN_TAG) codes.push(...ACCESS_CODES);
  if (writes) codes.push('READ_ONLY', 'CSRF_TOKEN_INVALID');
  if (errors.includes('REDIS_UNAVAILABLE')) {
    codes.push('REDIS_REFUSED');
    if (writes) codes.push('REDIS_READ_ONLY');
  }
  return codes;
}

/** Merges answers and problems with the same status: `GET /health/ready` answers 503 with its checks. */
function joined(
  answers: Record<string, Response>,
  problems: Record<string, Response>,
): Record<string, Response> {
  const both = Object.entries(problems).map(([status, problem]) => {
    const answer = answers[status];
    if (!answer) return [status, problem];
    const { description, headers, content } = answer;
    return [
      status,
      {
        description: `${description} ${problem.description}`,
        headers: { ...headers, ...problem.headers },
        content: { ...content, ...problem.content },
      },
    ];
  });
  return { ...answers, ...Object.fromEntries(both) };
}

interface Response {
  description: string;
  headers: object;
  content?: object;
}

function response(answer: Operation['answers'][number]): Response {
  if (typeof answer === 'string') return { description: answer, headers: HEADERS };
  const [description, schema, { examples, contentTypes = ['application/json'], headers } = {}] = answer;
  const body = { schema, ...(examples ? { examples } : {}) };
  return {
    description,
    headers: { ...HEADERS, ...headers },
    content: Object.fromEntries(contentTypes.map((type) => [type, body])),
  };
}

const HEADERS = { 'X-Request-Id': { $ref: '#/components/headers/XRequestId' } };

/** Describes the problems by status, with the codes of this operation and an example of each. */
function problemResponses(codes: readonly ErrorCode[]): Record<string, Response> {
  const byStatus = new Map<number, ErrorCode[]>();
  // In the order of the error table, whichever way the operation lists them.
  for (const code of (Object.keys(ERRORS) as ErrorCode[]).filter((known) => codes.includes(known))) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries([...byStatus].map(([status, found]) => [status, problemResponse(status, found)]));
}

function problemResponse(status: number, codes: ErrorCode[]): Response {
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
