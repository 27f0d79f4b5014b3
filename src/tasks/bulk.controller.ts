import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Needs } from '../access/needs.js';
import { RoostError, type ErrorCode, type FieldProblem } from '../contract/errors.js';
import { NDJSON_TYPES, requireParsedBody } from '../http/body-parsers.js';
import { checkJson, objectBody } from '../http/json-body.js';
import { toStorageError } from '../queue/redis-errors.js';
import { typeName } from './tasks.controller.js';
import { TasksService } from './tasks.service.js';

const MAX_TASKS = 1000;
/** Hand-ins under way at once, which share a round trip; few enough that one turn of the event loop stays short. */
const PARALLEL = 100;
/** Where every line failed for one of these, the request did. */
const STORAGE: ReadonlySet<ErrorCode> = new Set(['REDIS_UNAVAILABLE', 'STORAGE_FULL']);

/** What became of one line of a bulk request; `line` counts from 1. */
interface BulkOutcome {
  line: number;
  ok: boolean;
  id?: string;
  state?: string;
  links?: object;
  error?: { code: ErrorCode; detail: string; fields?: FieldProblem[] };
}

/** Many tasks in one request: good ones are accepted, bad ones named, each on its own. */
@Controller('api/v1/tasks/bulk')
@Needs('tasks.submit')
export class BulkController {
  constructor(private readonly tasks: TasksService) {}

  @Post()
  @HttpCode(202)
  async submit(@Req() req: Request): Promise<{ accepted: number; refused: number; items: BulkOutcome[] }> {
    requireParsedBody(req, `application/json or ${NDJSON_TYPES[0]}`);
    const lines = typeof req.body === 'string' ? splitLines(req.body) : asArray(req.body);
    if (lines.length === 0 || lines.length > MAX_TASKS) {
      const message = `holds ${lines.length} tasks; send 1 to ${MAX_TASKS} a call`;
      throw new RoostError('REQUEST_INVALID', `The body ${message}.`, [{ path: 'body', message }]);
    }
    const key = req.headers['idempotency-key'];
    const items: BulkOutcome[] = new Array<BulkOutcome>(lines.length);
    let next = 0;
    let away: BulkOutcome['error'];
    const hand = async () => {
      while (next < lines.length) {
        const i = next++;
        // One that waited in vain for Redis speaks for all that come after it.
        if (away) {
          items[i] = { line: i + 1, ok: false, error: away };
          continue;
        }
        // One key for the request gives each line its own: a repeated request accepts nothing twice.
        const lineKey = typeof key === 'string' ? `${key}/${i + 1}` : undefined;
        items[i] = { line: i + 1, ...(await this.one(lines[i]!, req.id, lineKey)) };
        if (items[i]!.error?.code === 'REDIS_UNAVAILABLE') away = items[i]!.error;
      }
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL, lines.length) }, hand));
    const accepted = items.filter((item) => item.ok).length;
    if (items.every(({ error }) => error && STORAGE.has(error.code))) {
      const { code, detail } = items[0]!.error!;
      throw new RoostError(code, detail);
    }
    return { accepted, refused: items.length - accepted, items };
  }

  private async one(
    line: Line,
    requestId: string,
    idempotencyKey?: string,
  ): Promise<Omit<BulkOutcome, 'line'>> {
    try {
      const body = objectBody(line(), ['type', 'input', 'options', 'idempotencyKey']);
      const own = body.idempotencyKey;
      if (own !== undefined && typeof own !== 'string') {
        throw new RoostError('REQUEST_INVALID', 'idempotencyKey must be text', [
          { path: 'idempotencyKey', message: 'must be text' },
        ]);
      }
      const key = own ?? idempotencyKey;
      const { task } = await this.tasks.submit({
        type: typeName(body.type),
        input: body.input,
        options: body.options,
        requestId,
        ...(key === undefined ? {} : { idempotencyKey: key }),
      });
      return { ok: true, id: task.id, state: task.state, links: task.links };
    } catch (error) {
      const known = error instanceof RoostError ? error : toStorageError(error);
      if (!known) throw error;
      const { code, detail, fields } = known;
      return { ok: false, error: { code, detail, ...(fields ? { fields } : {}) } };
    }
  }
}

/** Reads one line when its turn comes, so that a broken one is only its own failure. */
type Line = () => unknown;

function splitLines(text: string): Line[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .map((line) => () => {
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch (error) {
        const message = `is not JSON: ${(error as Error).message}`;
        throw new RoostError('BODY_MALFORMED', `The line ${message}`, [{ path: 'line', message }]);
      }
      checkJson(value, 'line');
      return value;
    });
}

function asArray(body: unknown): Line[] {
  if (!Array.isArray(body)) {
    const message = 'must be a JSON array of tasks, or NDJSON with one task a line';
    throw new RoostError('REQUEST_INVALID', `The body ${message}.`, [{ path: 'body', message }]);
  }
  return body.map((value: unknown) => () => value);
}
