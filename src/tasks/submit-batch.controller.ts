import { setImmediate as nextTurn } from 'node:timers/promises';
import { Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import type { Logger } from 'pino';
import { ownedKey } from '../auth/principal.js';
import { RequirePermission } from '../auth/require-permission.js';
import { RoostError } from '../model/errors.js';
import { elementsOf, parseExactJson, type ExactJson, type JsonFault } from '../model/exact-json.js';
import { NDJSON_TYPES, requireParsedBody } from '../http/body-parsers.js';
import { checkJson, objectBody, refuseFaults } from '../http/json-body.js';
import { toRoostError } from '../http/to-problem.js';
import { LOG } from '../platform/logging/logging.module.js';
import { checkIdempotencyKey, toLineKey } from './idempotency.js';
import { typeName } from './submit-request.js';
import type { SubmitBatch } from './submit-task.js';
import { TaskCommands } from './task-commands.js';
import type { BulkAnswer, LineOutcome } from './submit.openapi.js';

const MAX_TASKS = 1000;
/** Lines validated per tick of the event loop: few enough to keep a tick short. */
const LINES_PER_TURN = 100;
/** Submits many tasks in one request. Accepts or refuses each line on its own. */
@Controller('api/v1/tasks/bulk')
@RequirePermission('tasks.submit')
export class SubmitBatchController {
  constructor(
    private readonly commands: TaskCommands,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  @Post()
  @HttpCode(202)
  async submit(@Req() req: Request): Promise<BulkAnswer> {
    requireParsedBody(req, `application/json or ${NDJSON_TYPES[0]}`);
    const lines = req.json ? splitList(req.body, req.json) : splitLines(String(req.body));
    if (lines.length === 0 || lines.length > MAX_TASKS) {
      const message = `holds ${lines.length} tasks; send 1 to ${MAX_TASKS} a call`;
      throw new RoostError('REQUEST_INVALID', `The body ${message}.`, [{ path: 'body', message }]);
    }
    const key = req.headers['idempotency-key'];
    if (typeof key === 'string') checkIdempotencyKey(key);
    const items: LineOutcome[] = new Array<LineOutcome>(lines.length);
    const refusals: RoostError[] = [];
    const batch = this.commands.openBatch();
    const submit = async (i: number) => {
      try {
        // Derives each line's key from the request's key: a repeated request accepts nothing twice.
        const lineKey = typeof key === 'string' ? toLineKey(key, i + 1) : undefined;
        items[i] = {
          line: i + 1,
          ok: true,
          ...(await this.submitLine(lines[i]!, req, batch, lineKey)),
        };
      } catch (error) {
        const refusal = this.toRefusal(error, req.id);
        refusals.push(refusal);
        const { code, detail, fields } = refusal;
        items[i] = { line: i + 1, ok: false, error: { code, detail, ...(fields ? { fields } : {}) } };
      }
    };
    const submitted: Promise<void>[] = [];
    // Validates all lines concurrently: slow validators of many lines need no longer than those of one.
    for (let i = 0; i < lines.length; i++) {
      if (i > 0 && i % LINES_PER_TURN === 0) await nextTurn();
      submitted.push(submit(i));
    }
    await Promise.all(submitted);
    const answer = { accepted: lines.length - refusals.length, refused: refusals.length, items };
    if (answer.accepted === 0) throw noneAccepted(refusals, answer);
    return answer;
  }

  private async submitLine(
    line: Line,
    req: Request,
    batch: SubmitBatch,
    idempotencyKey?: string,
  ): Promise<Pick<LineOutcome, 'id' | 'state' | 'links'>> {
    const body = objectBody(line(), ['type', 'input', 'options', 'idempotencyKey']);
    const own = body.idempotencyKey;
    if (own !== undefined && typeof own !== 'string') {
      throw new RoostError('REQUEST_INVALID', 'idempotencyKey must be text', [
        { path: 'idempotencyKey', message: 'must be text' },
      ]);
    }
    if (own !== undefined) checkIdempotencyKey(own, 'idempotencyKey');
    const key = own ?? idempotencyKey;
    const { task } = await this.commands.submit(
      {
        type: typeName(body.type),
        input: body.input,
        options: body.options,
        requestId: req.id,
        ...(key === undefined ? {} : { idempotencyKey: ownedKey(req, key) }),
      },
      batch,
    );
    return { id: task.id, state: task.state, links: task.links };
  }

  /** Converts any error to the refusal of one line: an unexpected error must not hide that other lines were accepted. */
  private toRefusal(error: unknown, requestId: string): RoostError {
    const refusal = toRoostError(error);
    if (refusal.code === 'INTERNAL') this.log.error({ requestId, err: error }, 'unexpected error in a line');
    return refusal;
  }
}

/** Creates the error for a request without an accepted task. It contains the outcome of every line. */
function noneAccepted(refusals: RoostError[], outcomes: object): RoostError {
  const [first] = refusals;
  // The lines themselves are valid: the status must show that a later retry can succeed.
  if (refusals.every(({ status }) => status === 429 || status >= 500)) {
    return new RoostError(first!.code, first!.detail, undefined, { ...first!.extra, ...outcomes });
  }
  const count = refusals.length === 1 ? 'The task was' : `None of the ${refusals.length} tasks was`;
  const detail = `${count}${refusals.length === 1 ? ' not' : ''} accepted. \`items\` contains the error of each line.`;
  return new RoostError('REQUEST_INVALID', detail, undefined, { ...outcomes });
}

/** Parses one line lazily, so that a malformed line fails alone. */
type Line = () => unknown;

function splitLines(text: string): Line[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '').map((line) => () => checkLine(parseLine(line)));
}

function splitList(body: unknown, { text, faults }: { text: string; faults: readonly JsonFault[] }): Line[] {
  if (!Array.isArray(body)) {
    const message = 'must be a JSON array of tasks, or NDJSON with one task a line';
    throw new RoostError('REQUEST_INVALID', `The body ${message}.`, [{ path: 'body', message }]);
  }
  if (faults.length === 0) return body.map((value: unknown) => () => checkLine({ value, faults: [] }));
  return elementsOf(text).map((line) => () => checkLine(parseExactJson(line)));
}

function parseLine(line: string): ExactJson {
  try {
    return parseExactJson(line);
  } catch (error) {
    const message = `is not JSON: ${(error as Error).message}`;
    throw new RoostError('BODY_MALFORMED', `The line ${message}`, [{ path: 'line', message }]);
  }
}

/** @throws RoostError where the line is not acceptable JSON. */
function checkLine({ value, faults }: ExactJson): unknown {
  checkJson(value, 'line');
  refuseFaults(faults, 'line');
  return value;
}
