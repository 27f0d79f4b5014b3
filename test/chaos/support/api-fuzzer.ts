import type { ApiContract, DocumentedCall } from '../../support/api-contract.js';
import type { Random } from './random.js';

type Json = Record<string, unknown>;

export interface FuzzedRequest {
  method: string;
  /** With its query. */
  path: string;
  /** The documented call that this is a request of; undefined where the path was broken on purpose. */
  call: DocumentedCall | undefined;
  headers: Record<string, string>;
  body: string | undefined;
}

/** Values that somebody once forgot: boundaries, other types, text that is code elsewhere. */
const ODD: unknown[] = [
  ...[null, true, false, 0, -1, 1, 0.5, 1e21, -0, 9007199254740993, 1e308, 2 ** 31, 2 ** 32, 1e-7],
  ...[
    '',
    ' ',
    '0',
    'null',
    'undefined',
    'NaN',
    '-1',
    '1e999',
    'true',
    '[]',
    '{}',
    "'",
    '"',
    '\\',
    '%',
    '%00',
    '../../etc/passwd',
  ],
  ...[
    '\u0000',
    '\u2028',
    '\ufeff',
    '\ud800',
    '😀',
    'ä'.normalize('NFD'),
    'İ',
    'x'.repeat(300),
    'x'.repeat(9_000),
  ],
  ...[
    '<script>alert(1)</script>',
    '{{constructor}}',
    '${7*7}',
    '$where',
    '\r\nset-cookie: a=b',
    '2026-02-30T00:00:00Z',
    '+275760-09-13T00:00:00.001Z',
  ],
  ...[
    [],
    {},
    [[]],
    [null],
    { a: { b: { c: [] } } },
    { __proto__: null },
    JSON.parse('{"__proto__":{"polluted":true}}'),
  ],
  ...[
    { constructor: { prototype: { polluted: true } } },
    { toString: 1 },
    { length: 1e9 },
    Array(200).fill(0),
  ],
];
const PATH_JUNK = [
  '%00',
  '%2e%2e%2f',
  'a b',
  'x'.repeat(500),
  '%E0%A4%A',
  '__proto__',
  'constructor',
  '😀',
  '0',
  '-1',
  'null',
  '*',
  'a:b',
  '%0d%0a',
];
const KINDS = [
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json; charset=latin1',
  'multipart/form-data',
  'a/b',
  '',
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Requests that are nearly right, made from the OpenAPI document itself. */
export class ApiFuzzer {
  private readonly calls: DocumentedCall[];

  constructor(
    contract: ApiContract,
    private readonly random: Random,
    /** Real values of path parameters, `id` for those that name a task. */
    private readonly known: Record<string, string[]>,
    leaveOut: (call: DocumentedCall) => boolean,
  ) {
    this.calls = contract.calls.filter((call) => !leaveOut(call));
  }

  next(): FuzzedRequest {
    const { random } = this;
    const call = random.pick(this.calls);
    const isBroken = random.chance(0.03);
    const method = random.chance(0.03) ? random.pick(METHODS) : call.method;
    const path = isBroken ? this.brokenPath(call) : this.path(call);
    const headers = this.headers(call);
    const body = method === 'GET' || method === 'HEAD' ? undefined : this.body(call);
    return {
      method,
      path: path + this.query(call),
      call: isBroken || method !== call.method ? undefined : call,
      headers,
      body,
    };
  }

  private path({ path }: DocumentedCall): string {
    return path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const real = this.known[path.includes('/workers/') && name === 'id' ? 'worker' : name] ?? [];
      if (real.length > 0 && this.random.chance(0.7)) return encodeURIComponent(this.random.pick(real));
      return this.random.pick(PATH_JUNK.slice(1)).replaceAll(' ', '%20').replace('😀', '%F0%9F%98%80');
    });
  }

  private brokenPath({ path }: DocumentedCall): string {
    // Not before the first slash: that would be another host, or none.
    const at = this.random.int(1, path.length);
    const junk = this.random.pick(['//', '/../', '%2f', ';x', '/.', '%00', '\\', '?', 'é']);
    return encodeURI(`${path.slice(0, at)}${junk}${path.slice(at)}`.replaceAll(/[{}]/g, '')).replaceAll(
      '%25',
      '%',
    );
  }

  private query({ operation }: DocumentedCall): string {
    const parameters = ((operation.parameters ?? []) as { in: string; name: string; schema?: Json }[]).filter(
      (one) => one.in === 'query',
    );
    const query = new URLSearchParams();
    for (const { name, schema } of parameters) {
      // A caller may ask to wait for longer than a test wants to.
      if (name === 'wait') {
        if (this.random.chance(0.3))
          query.append(name, this.random.pick(['0', '-1', 'x', '1.5', '99999', '']));
      } else if (this.random.chance(0.4))
        query.append(name, this.text(this.random.chance(0.5) ? this.sample(schema ?? {}) : this.odd()));
      if (this.random.chance(0.03)) query.append(name, this.text(this.odd()));
    }
    if (this.random.chance(0.05))
      query.append(this.random.pick(['nope', '__proto__', 'a[b]', '']), this.text(this.odd()));
    const text = query.toString();
    return text ? `?${text}` : '';
  }

  private headers({ operation }: DocumentedCall): Record<string, string> {
    const headers: Record<string, string> = {};
    if (operation.requestBody)
      headers['content-type'] = this.random.chance(0.9) ? KINDS[0]! : this.random.pick(KINDS);
    if (this.random.chance(0.15)) headers['idempotency-key'] = this.headerValue();
    if (this.random.chance(0.05)) headers['last-event-id'] = this.headerValue();
    if (this.random.chance(0.05))
      headers.accept = this.random.pick([
        'text/html',
        'application/json',
        '*/*',
        'image/png',
        ';;',
        'application/x-ndjson',
      ]);
    if (this.random.chance(0.03)) headers['x-request-id'] = this.headerValue();
    return headers;
  }

  private headerValue(): string {
    return (
      this.text(this.odd())
        .replaceAll(/[^\t\x20-\x7e]/g, '?')
        .slice(0, 2_000) || 'k'
    );
  }

  private body({ operation }: DocumentedCall): string | undefined {
    const content = (
      operation.requestBody as
        { content: Record<string, { examples?: Record<string, { value: unknown }> }> } | undefined
    )?.content;
    const examples = Object.values(content?.['application/json']?.examples ?? {}).map(({ value }) => value);
    if (examples.length === 0) return this.random.chance(0.1) ? JSON.stringify(this.odd()) : undefined;
    let value: unknown = structuredClone(this.random.pick(examples));
    for (let n = this.random.int(0, 3); n > 0; n--) value = this.mutate(value);
    const text = JSON.stringify(value) ?? '';
    return this.random.chance(0.05) ? this.damage(text) : text;
  }

  /** One place of it changed: dropped, doubled, of another type, with another name. */
  private mutate(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || this.random.chance(0.1)) return this.odd();
    if (Array.isArray(value)) {
      const copy = [...(value as unknown[])];
      const at = this.random.int(0, copy.length);
      if (this.random.chance(0.5)) copy.splice(at, 1);
      else copy.splice(at, 0, this.random.chance(0.5) ? copy[0] : this.odd());
      return copy;
    }
    const entries = Object.entries(value);
    const at = this.random.int(0, Math.max(0, entries.length - 1));
    const [name, member] = entries[at] ?? ['any', undefined];
    const deed = this.random.int(0, 3);
    if (deed === 0) entries.splice(at, 1);
    else if (deed === 1)
      entries.push([this.random.pick(['extra', 'jobId', 'opts', 'parent', '__proto__', '']), this.odd()]);
    else entries[at] = [name, deed === 2 ? this.mutate(member) : this.odd()];
    return Object.fromEntries(entries);
  }

  private damage(text: string): string {
    const at = this.random.int(0, text.length);
    return (
      text.slice(0, at) +
      this.random.pick(['', '}', '\u0000', ',', '\\', '\ufeff', '{"a":1,"a":2}']) +
      text.slice(at + this.random.int(0, 5))
    );
  }

  private sample(schema: Json): unknown {
    if (Array.isArray(schema.enum)) return this.random.pick(schema.enum as unknown[]);
    if (Array.isArray(schema.examples)) return this.random.pick(schema.examples as unknown[]);
    const type = schema.type;
    if (type === 'integer' || type === 'number')
      return this.random.int(Number(schema.minimum ?? 0), Math.min(Number(schema.maximum ?? 100), 1_000));
    return 'divide';
  }

  private odd(): unknown {
    return this.random.pick(ODD);
  }

  private text(value: unknown): string {
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
    return text.slice(0, 3_000);
  }
}
