import type { ErrorCode } from '../../src/model/errors.js';
import type { Answer, ContractClient, DocumentedCall } from './api-contract.js';

const DIVIDE = { type: 'divide', input: { x: 10, y: 2 } };
const LATER = { delayMs: 3_600_000 };

/** Where a call leads to something that is there, and a body it takes. */
export function request(call: DocumentedCall, ids: Ids): { path: string; body: unknown } {
  const id = call.path.includes('/workers/') ? ids.worker : ids.done;
  const { group: fingerprint } = ids;
  const values: Record<string, string> = {
    ...{ id, fingerprint, name: 'cpu', type: 'divide' },
    ...{ command: 'ping', act: 'resolve' },
  };
  const content = call.operation.requestBody as {
    content: Record<string, { examples: Record<string, { value: unknown }> }>;
  };
  const examples = call.body ? Object.values(content.content['application/json']!.examples) : [];
  return {
    path: call.path.replace(/\{(\w+)\}/g, (_, name: string) => values[name]!),
    body: examples[0]?.value,
  };
}

/** A settled task, one that is forgotten, one under way, a worker, and an error group. */
export interface Ids {
  done: string;
  gone: string;
  running: string;
  worker: string;
  group: string;
}

/** A request that has to be refused with this code. */
export function provoke(
  api: ContractClient,
  call: DocumentedCall,
  code: ErrorCode,
  ids: Ids,
): Promise<Answer> {
  const { method, path } = call;
  const valid = request(call, ids);
  const isSubmit = path === '/api/v1/tasks' && method === 'POST';
  const at = (value: string) =>
    api.call(
      method,
      path
        .replace('{command}', 'ping')
        .replace('{act}', 'resolve')
        .replace(/\{\w+\}/, value),
      valid.body,
    );
  const send = (body: unknown, headers?: Record<string, string>) =>
    api.call(method, valid.path, body, headers);
  switch (code) {
    case 'BODY_MALFORMED':
      return send('{"type":');
    case 'NOT_FOUND':
      return /\{command\}|\{act\}/.test(path)
        ? api.post(valid.path.replace(/ping$|resolve$/, 'nope'), valid.body)
        : at('%E0%A4%A');
    case 'QUERY_INVALID':
      return api.call(method, `${valid.path}?nope=1`, valid.body);
    case 'HEADER_INVALID':
      return send(valid.body, { 'idempotency-key': 'two  blanks' });
    case 'CROSS_SITE':
      return send(valid.body, { 'sec-fetch-site': 'cross-site' });
    case 'TASK_NOT_FOUND':
    case 'SEARCH_NOT_FOUND':
    case 'SESSION_NOT_FOUND':
    case 'TOKEN_NOT_FOUND':
    case 'ERROR_GROUP_NOT_FOUND':
    case 'WORKER_NOT_FOUND':
      return at('nope');
    case 'QUEUE_NOT_FOUND':
      return path.includes('{') ? at('nope') : api.call(method, `${path}?queue=nope`);
    case 'QUEUE_NOT_OURS':
      return at('bull:mail');
    case 'TASK_GONE':
      return isSubmit ? goneWhileWaiting(api) : at(ids.gone);
    case 'TASK_STATE_CONFLICT':
      return at(method === 'DELETE' || path.endsWith('/result') ? ids.running : ids.done);
    case 'IDEMPOTENCY_CONFLICT':
      if (path === '/api/v1/bulk-actions') return anotherBulkOfTheKey(api, valid.body as object);
      return send(DIVIDE, { 'idempotency-key': 'one' }).then(() =>
        send({ ...DIVIDE, input: { x: 1, y: 1 } }, { 'idempotency-key': 'one' }),
      );
    case 'BODY_TOO_LARGE':
      return send(`"${'x'.repeat(path.endsWith('/bulk') ? 5e6 : 3e5)}"`);
    case 'CONTENT_TYPE_UNSUPPORTED':
      return send('{}', { 'content-type': call.body ? 'text/plain' : 'application/json; charset=latin1' });
    case 'COMMAND_REFUSED':
      return method === 'DELETE'
        ? send(undefined)
        : api.post(valid.path.replace('ping', 'add-consumer'), { queue: 'cpu' });
    case 'REQUEST_INVALID':
      return send({ nope: 1 });
    case 'INPUT_INVALID':
      return send({ ...DIVIDE, input: { x: 1 } });
    case 'OPTIONS_INVALID':
      return send({ ...DIVIDE, options: { priority: -1 } });
    case 'TASK_TYPE_UNKNOWN':
      return path.includes('{type}') ? at('devide') : send({ ...DIVIDE, type: 'devide' });
    default:
      return send(valid.body);
  }
}

/** The same key for something else. */
async function anotherBulkOfTheKey(api: ContractClient, body: object): Promise<Answer> {
  const key = { 'idempotency-key': 'one-bulk' };
  await api.post('/api/v1/bulk-actions', body, key);
  return api.post('/api/v1/bulk-actions', { ...body, reason: 'another' }, key);
}

/** Deleted by somebody while the caller waits for its end. */
async function goneWhileWaiting(api: ContractClient): Promise<Answer> {
  const key = { 'idempotency-key': 'gone-while-waiting' };
  const body = { ...DIVIDE, options: LATER };
  const { id } = (await api.post('/api/v1/tasks', body, key)).body as { id: string };
  const waiting = api.post('/api/v1/tasks?wait=10', body, key);
  await api.call('DELETE', `/api/v1/tasks/${id}`);
  return waiting;
}
