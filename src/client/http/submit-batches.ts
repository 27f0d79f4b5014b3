import { ERRORS, type ErrorCode, type FieldProblem } from '../../model/errors.js';
import { pauseUnlessAborted } from '../call-lifetime.js';
import { OutcomeUnknownError, RoostClientError } from '../errors.js';
import type { CallOptions, Submission, SubmissionOutcome } from '../transport.js';
import type { HttpConnection } from './http-connection.js';

/** Maximum number of tasks in one request. */
const MAX_LINES = 1000;
/** Maximum length of a body, bytes; the server accepts 4 MB. */
const MAX_BYTES = 3_500_000;
/** Pause before lines that were refused for the moment are sent again, ms. */
const PAUSE_MS = 1000;

interface Line {
  index: number;
  key: string;
  json: string;
}

/** Outcome of one line as the server reports it. */
interface LineAnswer {
  ok: boolean;
  id?: string;
  error?: { code: ErrorCode; detail: string; fields?: FieldProblem[] };
}

/** Submits any number of tasks, in requests of at most 1,000. Each line has its own key, so a repeat doubles none. */
export class SubmitBatches {
  private readonly outcomes: SubmissionOutcome[];
  private readonly lines: Line[];
  /** True once the server was unreachable for the whole time for repeats: the rest gets one try each. */
  private isAway = false;

  constructor(
    private readonly connection: HttpConnection,
    submissions: readonly Submission[],
    private readonly call: CallOptions,
  ) {
    this.outcomes = new Array<SubmissionOutcome>(submissions.length);
    this.lines = submissions.map((submission, index) => ({
      index,
      key: submission.idempotencyKey,
      json: submissionJson(submission, { idempotencyKey: submission.idempotencyKey }),
    }));
  }

  async submit(): Promise<SubmissionOutcome[]> {
    for (const signal of this.connection.signalsOf(this.call)) signal.throwIfAborted();
    for (const chunk of chunks(this.lines)) await this.submitChunk(chunk);
    return this.outcomes;
  }

  private async submitChunk(chunk: Line[]): Promise<void> {
    const endAt = performance.now() + (this.isAway ? 0 : this.connection.retryForMs);
    for (let pending = chunk; ;) {
      const answers = await this.send(pending, Math.max(0, endAt - performance.now()));
      const isOver = performance.now() + PAUSE_MS > endAt;
      pending = pending.filter((line, i) => {
        const answer = answers[i];
        if (!answer) return false;
        if (!isOver && isTemporary(answer)) return true;
        this.outcomes[line.index] = toOutcome(line, answer);
        return false;
      });
      if (pending.length === 0) return;
      try {
        await pauseUnlessAborted(PAUSE_MS, this.connection.signalsOf(this.call));
      } catch (reason) {
        return this.fail(pending, reason);
      }
    }
  }

  /** Returns the answer of each line; none where the request failed as a whole, which is recorded. */
  private async send(lines: Line[], retryForMs: number): Promise<LineAnswer[]> {
    try {
      const { body } = await this.connection.request({
        ...this.call,
        method: 'POST',
        path: '/api/v1/tasks/bulk',
        body: `[${lines.map(({ json }) => json).join()}]`,
        isRepeatable: true,
        retryForMs,
      });
      return (body as { items: LineAnswer[] }).items;
    } catch (error) {
      // A refusal of all lines has the error of each.
      const items = error instanceof RoostClientError ? error.details.items : undefined;
      if (Array.isArray(items) && items.length === lines.length) return items as LineAnswer[];
      this.isAway ||=
        error instanceof OutcomeUnknownError || (error as RoostClientError).code === 'UNREACHABLE';
      this.fail(lines, error);
      return [];
    }
  }

  private fail(lines: Line[], reason: unknown): void {
    for (const { index, key } of lines) this.outcomes[index] = { ok: false, error: toError(reason, key) };
  }
}

/** Body of a submit, or one line of a bulk submit. */
export function submissionJson({ type, inputJson, options }: Submission, more: object = {}): string {
  const rest = JSON.stringify({ options: Object.keys(options).length > 0 ? options : undefined, ...more });
  return `{"type":${JSON.stringify(type)},"input":${inputJson}${rest === '{}' ? '}' : `,${rest.slice(1)}`}`;
}

function toError(reason: unknown, key: string): RoostClientError {
  if (reason instanceof OutcomeUnknownError)
    return new OutcomeUnknownError(`${reason.message} Submit it again with the same idempotencyKey.`, key, {
      cause: reason,
    });
  if (reason instanceof RoostClientError) return reason;
  return new RoostClientError('ABORTED', 'The signal ended the call before the task was sent.', {
    cause: reason,
  });
}

function toOutcome({ key }: Line, { ok, id, error }: LineAnswer): SubmissionOutcome {
  if (ok) return { ok: true, accepted: { id: id! } };
  const { code, detail, fields } = error!;
  const status = ERRORS[code]?.status;
  const refusal = new RoostClientError(code, detail, { status, ...(fields ? { fields } : {}) });
  if (code !== 'REDIS_UNAVAILABLE' && code !== 'INTERNAL') return { ok: false, error: refusal };
  return { ok: false, error: new OutcomeUnknownError(detail, key, { cause: refusal, status }) };
}

function isTemporary({ error }: LineAnswer): boolean {
  const status = error ? ERRORS[error.code]?.status : undefined;
  return status === 429 || status === 503;
}

function* chunks(lines: readonly Line[]): Generator<Line[]> {
  let chunk: Line[] = [];
  let bytes = 0;
  for (const line of lines) {
    const size = Buffer.byteLength(line.json) + 1;
    if (chunk.length === MAX_LINES || (chunk.length > 0 && bytes + size > MAX_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(line);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
