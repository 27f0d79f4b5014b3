import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Catalog } from '../catalog/catalog.js';
import type { TaskType } from '../catalog/task-type.js';
import { type ErrorCode, ERRORS, type FieldProblem, RoostError } from '../contract/errors.js';
import { hasHidden } from '../contract/redaction.js';
import type { TaskView } from '../contract/task-view.js';
import { parseOptions } from '../tasks/submit-options.js';
import { TasksService } from '../tasks/tasks.service.js';
import { FrameService, LIVE_FLEET } from './frame.service.js';
import type { Frame } from './page-models/frame.js';
import { readOptionValues, toOptions } from './page-models/options-form.js';
import { type FormFilling, type SubmitPage, toSubmitPage } from './page-models/submit-page.js';
import { lastOf, type Params, typed } from './params.js';

const NEWEST_SHOWN = 12;

type Answer = { redirectTo: string; created: boolean } | { status: number; page: SubmitPage & Frame };

/** The home page: a form per task type, what came in through one of them, and the newest tasks. */
@Injectable()
export class SubmitPageService {
  constructor(
    private readonly catalog: Catalog,
    private readonly tasks: TasksService,
    private readonly frames: FrameService,
  ) {}

  async fresh(query: Params): Promise<SubmitPage & Frame> {
    const from = typed(query, 'from');
    const origin = from ? await this.tasks.get(from) : undefined;
    const type = this.catalog.find(origin?.type ?? typed(query, 'type') ?? '');
    return this.page(
      type && { type: type.name, ...(origin && { origin, input: withoutHidden(asRecord(origin.input)) }) },
      query,
    );
  }

  /** A redirect to the new task, or the form again with what is wrong. */
  async submit(form: Params): Promise<Answer> {
    const type = this.catalog.get(lastOf(form, 'type') ?? '');
    const values = readOptionValues(form);
    const fields = readInputFields(type, form);
    const key = lastOf(form, 'key') || randomUUID();
    const from = lastOf(form, 'from') || undefined;
    const { options, problems } = toOptions(values, Date.now());
    const input = this.catalog.parseForm(type, fields);
    try {
      if (problems.length > 0) throw new RoostError('OPTIONS_INVALID', 'Some options are not right.');
      const { task, created } = await this.tasks.submit({
        type: type.name,
        input,
        options,
        idempotencyKey: key,
        origin: from,
      });
      return { redirectTo: `/tasks/${encodeURIComponent(task.id)}`, created };
    } catch (error) {
      if (!(error instanceof RoostError)) throw error;
      const all = error.status === 422 ? [...(await this.problemsOf(type, input, options)), ...problems] : [];
      return this.refuse(
        error,
        { type: type.name, typed: fields, options: values, key, problems: all },
        from,
      );
    }
  }

  /**
   * The form as it was sent, with what is wrong. Wrong fields make a new key, as the next try is another
   * request; with Redis away the old key stays, so that sending again cannot make a second task.
   */
  private async refuse(error: RoostError, filling: FormFilling, from?: string): Promise<Answer> {
    const { status } = error;
    if (![409, 422, 429, 503].includes(status)) throw error;
    const origin = from ? await this.tasks.get(from).catch(() => undefined) : undefined;
    const whole = status !== 422 || !filling.problems?.length;
    const page = await this.page({
      ...filling,
      origin,
      key: status === 503 || status === 429 ? filling.key : undefined,
      trouble: whole
        ? { title: ERRORS[error.code].title, detail: FORM_WORDS[error.code] ?? error.detail }
        : undefined,
    });
    return { status, page: { ...page, title: `Not submitted · ${page.title}` } };
  }

  private async page(filling: FormFilling | undefined, query: Params = {}): Promise<SubmitPage & Frame> {
    const [frame, newest] = await Promise.all([
      this.frames.frame({ title: 'Submit', section: 'submit', live: LIVE_FLEET, query }),
      this.newest(),
    ]);
    return { ...frame, ...toSubmitPage(this.catalog.all(), newest, filling, randomUUID) };
  }

  private newest(): Promise<TaskView[] | null> {
    return this.tasks.newest(NEWEST_SHOWN).catch((error: unknown) => {
      if (error instanceof RoostError && error.status === 503) return null;
      throw error;
    });
  }

  /** Every wrong field at once, where the door stops at the first kind. */
  private async problemsOf(type: TaskType, input: unknown, options: unknown): Promise<FieldProblem[]> {
    const ofInput = await fieldsOf(() => this.catalog.validate(type, input));
    return [...ofInput, ...(await fieldsOf(() => parseOptions(options)))];
  }
}

/** What a form says where the door's own words are meant for programs. */
const FORM_WORDS: Partial<Record<ErrorCode, string>> = {
  REDIS_UNAVAILABLE:
    'So the outcome is unknown: the task may or may not have been accepted. What you typed is kept. ' +
    'Send the form again, as often as you like: it makes one task at most.',
  IDEMPOTENCY_CONFLICT:
    'It was sent before with other entries. Send it once more: from now on it stands for a new task.',
};

async function fieldsOf(check: () => unknown): Promise<FieldProblem[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (error instanceof RoostError && error.fields) return error.fields;
    throw error;
  }
}

/** The posted fields of the input by property; a text area sends line ends of its own. */
function readInputFields(type: TaskType, form: Params): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const { name } of type.fields) {
    const value = lastOf(form, `input.${name}`);
    if (value !== undefined) fields[name] = value.replaceAll('\r\n', '\n');
  }
  return fields;
}

/** What a form would else send back as if it were the value. */
function withoutHidden(input: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => !hasHidden(value)));
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
