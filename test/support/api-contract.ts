import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ErrorCode } from '../../src/model/errors.js';

type Json = Record<string, unknown>;

/** One call that the OpenAPI document describes. */
export interface DocumentedCall {
  method: string;
  /** As in the document: `/api/v1/tasks/{id}`. */
  path: string;
  body: boolean;
  /** Documented statuses, and the codes of those that are problems. */
  statuses: Map<number, string[]>;
  operation: Json;
}

/** The codes of all refusals documented for a call. */
export function codesOf(call: DocumentedCall): ErrorCode[] {
  return [...call.statuses.values()].flat() as ErrorCode[];
}

/** An answer as a test gets it: read whole and held to the document. */
export interface Answer {
  status: number;
  headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
  ms: number;
}

const MEMBERS = ['properties'] as const;
const LISTS = ['anyOf', 'oneOf', 'allOf'] as const;

/** The OpenAPI document as a judge: which calls there are, and whether an answer is what it says. */
export class ApiContract {
  readonly calls: DocumentedCall[];
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(readonly document: Json) {
    this.ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
    for (const format of ['uri-reference', 'email', 'uri', 'uuid']) this.ajv.addFormat(format, true);
    const { schemas, ...others } = document.components as { schemas: Json };
    const closed = Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => [name, close(schema as Json)]),
    );
    this.ajv.addSchema({ components: { ...others, schemas: closed } }, 'api');
    this.calls = Object.entries(document.paths as Record<string, Record<string, Json>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({
          method: method.toUpperCase(),
          path,
          body: operation.requestBody !== undefined,
          statuses: statusesOf(operation),
          operation,
        })),
    );
  }

  /** The documented call that a request is one of. */
  find(method: string, url: string): DocumentedCall {
    const path = url.split('?', 1)[0]!;
    const found = this.calls
      .filter((call) => call.method === method && pattern(call.path).test(path))
      .sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
    if (!found) throw new Error(`${method} ${path} is not in the document`);
    return found;
  }

  /** @throws Error unless the document has this answer: status, content type, headers, every member of the body. */
  check(
    method: string,
    url: string,
    { status, headers, body }: Pick<Answer, 'status' | 'headers' | 'body'>,
  ): void {
    const call = this.find(method, url);
    const fail = (why: string) => {
      throw new Error(
        `${method} ${call.path} answered ${status}: ${why}\n${JSON.stringify(body)?.slice(0, 800)}`,
      );
    };
    const responses = call.operation.responses as Record<
      string,
      { content?: Record<string, { schema: Json }>; headers: Json }
    >;
    const response = responses[status];
    if (!response) return fail('a status that is not documented');
    for (const name of Object.keys(response.headers)) {
      if (!headers.has(name)) fail(`the documented header ${name} is missing`);
    }
    const type = headers.get('content-type')?.split(';', 1)[0];
    if (!response.content) return body === undefined ? undefined : fail('a body that is not documented');
    const content = response.content[type ?? ''];
    if (!content) return fail(`the content type ${type} is not documented`);
    if (type === 'text/event-stream') return;
    const validate = this.validator(content.schema);
    if (!validate(body)) fail(this.ajv.errorsText(validate.errors, { dataVar: 'body', separator: '\n' }));
  }

  /** Returns the faults of a value by a schema of the document, or undefined. */
  problemWith(schema: Json, value: unknown): string | undefined {
    const validate = this.validator(schema);
    return validate(value) ? undefined : this.ajv.errorsText(validate.errors);
  }

  private validator(schema: Json): ValidateFunction {
    const key = JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/');
    let validate = this.compiled.get(key);
    if (!validate) {
      validate = this.ajv.compile(JSON.parse(key) as Json);
      this.compiled.set(key, validate);
    }
    return validate;
  }
}

/** A client that holds every answer it gets to the document. */
export class ContractClient {
  /** Answers so far, as `GET /api/v1/tasks/{id} 200`. */
  readonly answered = new Set<string>();

  private constructor(
    readonly url: string,
    readonly contract: ApiContract,
  ) {}

  static async of(url: string): Promise<ContractClient> {
    const answer = await fetch(`${url}/api/openapi.json`);
    return ContractClient.from(url, (await answer.json()) as Json);
  }

  static from(url: string, document: Json): ContractClient {
    return new ContractClient(url, new ApiContract(document));
  }

  /** `body`: text and bytes go as they are, anything else as JSON. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const startedAt = performance.now();
    const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(raw === undefined ? {} : { body: raw as string }),
    });
    const text = await response.text();
    const ms = performance.now() - startedAt;
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const answer = {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : isJson ? (JSON.parse(text) as unknown) : text,
      ms,
    };
    this.contract.check(method, path, answer);
    this.answered.add(`${method} ${this.contract.find(method, path).path} ${answer.status}`);
    return answer;
  }

  get(path: string): Promise<Answer> {
    return this.call('GET', path);
  }

  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.call('POST', path, body, headers);
  }

  submit(type: string, input: unknown, options?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.post(
      '/api/v1/tasks',
      { type, input, ...(options === undefined ? {} : { options }) },
      headers,
    );
  }
}

function statusesOf(operation: Json): Map<number, string[]> {
  const responses = operation.responses as Record<string, { content?: Record<string, { schema?: Json }> }>;
  return new Map(
    Object.entries(responses).map(([status, { content }]) => {
      const own = content?.['application/problem+json']?.schema?.properties as
        { code?: { enum: string[] } } | undefined;
      return [Number(status), own?.code?.enum ?? []];
    }),
  );
}

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);
}

/** No members but those documented: the document leaves room for new ones, a test does not. */
function close(schema: Json): Json {
  const closed: Json = { ...schema };
  for (const key of MEMBERS) {
    const members = schema[key] as Record<string, Json> | undefined;
    if (members)
      closed[key] = Object.fromEntries(
        Object.entries(members).map(([name, member]) => [name, close(member)]),
      );
  }
  for (const key of LISTS) {
    if (Array.isArray(schema[key])) closed[key] = (schema[key] as Json[]).map(close);
  }
  if (schema.items) closed.items = close(schema.items as Json);
  if (schema.properties && !('$ref' in schema) && schema.additionalProperties === undefined) {
    closed.additionalProperties = false;
  }
  return closed;
}
