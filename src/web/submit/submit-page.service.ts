import { type Authenticated, ownedKey } from '../../auth/principal.js';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { SharedClock } from '../../platform/clock.js';
import { TaskRegistry } from '../../registry/task-registry.js';
import type { TaskType } from '../../registry/task-type.js';
import { isWithin } from '../../registry/validate-input.js';
import { type ErrorCode, ERRORS, type FieldProblem, RoostError } from '../../model/errors.js';
import { hasHidden } from '../../platform/redaction/redaction.js';
import { entriesOf } from '../../model/lenient-json.js';
import type { TaskView } from '../../model/task-view.js';
import { parseOptions } from '../../tasks/submit-options.js';
import { TaskCommands } from '../../tasks/task-commands.js';
import { TaskQueries } from '../../tasks/task-queries.js';
import { PageShellService, LIVE_FLEET } from '../kit/page-shell.service.js';
import type { Live, PageShell } from '../kit/page-shell.js';
import { parseOptionValues, formatTimeLimits, toOptions } from './options-form.js';
import { type FormFilling, type SubmitPage, toSubmitPage } from './submit-page.js';
import { lastOf, type Params, typed } from '../kit/params.js';
import { idInPath } from '../../bullmq/task-ids.js';

/** The cards may be shown at `/`, which becomes the overview with the first task: what is typed must stay. */
const LIVE_SUBMIT: Live = { ...LIVE_FLEET, page: '/submit' };

const MAX_NEWEST_TASKS = 12;

type Answer = { redirectTo: string; created: boolean } | { status: number; page: SubmitPage & PageShell };

/** Submit page: a form for each task type, the submitted form, and the newest tasks. */
@Injectable()
export class SubmitPageService {
  constructor(
    private readonly registry: TaskRegistry,
    private readonly tasks: TaskQueries,
    private readonly commands: TaskCommands,
    private readonly shells: PageShellService,
    private readonly clock: SharedClock,
  ) {}

  async fresh(query: Params): Promise<SubmitPage & PageShell> {
    const from = typed(query, 'from');
    const origin = from ? await this.tasks.get(from) : undefined;
    const type = this.registry.find(origin?.type ?? typed(query, 'type') ?? '');
    return this.page(
      type && {
        type: type.name,
        ...(origin && {
          origin,
          input: withoutHidden(asRecord(origin.input)),
          options: formatTimeLimits(origin),
        }),
      },
      query,
    );
  }

  /** Restores a form that was sent without a login; undefined if it is not the form of a task type. */
  async refilled(
    form: Params,
    trouble: { title: string; detail: string },
  ): Promise<(SubmitPage & PageShell) | undefined> {
    const type = this.registry.find(lastOf(form, 'type') ?? '');
    if (!type) return undefined;
    const from = lastOf(form, 'from');
    const origin = from ? await this.tasks.get(from).catch(() => undefined) : undefined;
    const page = await this.page({
      type: type.name,
      typed: parseInputFields(type, form),
      options: parseOptionValues(form),
      key: lastOf(form, 'key') || undefined,
      origin,
      trouble,
    });
    // The address of a form post cannot be requested again.
    return { ...page, title: `${trouble.title} · ${page.title}`, live: undefined };
  }

  /** Returns a redirect to the new task, or the form again with its problems. */
  async submit(form: Params, by: Authenticated): Promise<Answer> {
    const type = this.registry.get(lastOf(form, 'type') ?? '');
    const values = parseOptionValues(form);
    const fields = parseInputFields(type, form);
    const key = lastOf(form, 'key') || randomUUID();
    const from = lastOf(form, 'from') || undefined;
    const { options, problems } = toOptions(values, Date.now());
    const input = this.registry.parseForm(type, fields);
    const altered = this.registry.formProblems(type, fields);
    try {
      if (altered.length > 0) throw new RoostError('INPUT_INVALID', 'Some fields are not right.');
      if (problems.length > 0) throw new RoostError('OPTIONS_INVALID', 'Some options are not right.');
      const { task, created } = await this.commands.submit({
        type: type.name,
        input,
        options,
        idempotencyKey: ownedKey(by, key),
        origin: from,
      });
      return { redirectTo: `/tasks/${idInPath(task.id)}`, created };
    } catch (error) {
      if (!(error instanceof RoostError)) throw error;
      // For a value that JSON would change only that problem is shown, not those that validators find in the
      // text.
      const others = error.status === 422 ? await this.problemsOf(type, input, options) : [];
      const isReported = ({ path }: FieldProblem) =>
        altered.some((one) => isWithin(one.path, new Set([path])));
      const all =
        error.status === 422 ? [...altered, ...others.filter((one) => !isReported(one)), ...problems] : [];
      return this.refuse(
        error,
        { type: type.name, typed: fields, options: values, key, problems: all },
        from,
      );
    }
  }

  /**
   * Returns the sent form with its problems. Wrong fields get a new idempotency key, because the next try is
   * another request. If Redis is unavailable the key stays, so that sending again cannot create a second
   * task.
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
        ? { title: ERRORS[error.code].title, detail: FORM_MESSAGES[error.code] ?? error.detail }
        : undefined,
    });
    return { status, page: { ...page, title: `Not submitted · ${page.title}` } };
  }

  private async page(filling: FormFilling | undefined, query: Params = {}): Promise<SubmitPage & PageShell> {
    const [frame, newest] = await Promise.all([
      this.shells.frame({ title: 'Submit', section: 'submit', live: LIVE_SUBMIT, query }),
      this.newest(),
    ]);
    return { ...frame, ...toSubmitPage(this.registry.all(), newest, filling, randomUUID) };
  }

  private newest(): Promise<TaskView[] | null> {
    return this.tasks.newest(MAX_NEWEST_TASKS).catch((error: unknown) => {
      if (error instanceof RoostError && error.status === 503) return null;
      throw error;
    });
  }

  /** Lists every wrong field at once. The submit service stops at the first kind of problem. */
  private async problemsOf(type: TaskType, input: unknown, options: unknown): Promise<FieldProblem[]> {
    const ofInput = await fieldsOf(() => this.registry.validate(type, input));
    return [...ofInput, ...(await fieldsOf(() => parseOptions(options, this.clock.now())))];
  }
}

/** Messages of a form for errors whose own message addresses programs. */
const FORM_MESSAGES: Partial<Record<ErrorCode, string>> = {
  REDIS_UNAVAILABLE:
    'So the outcome is unknown: the task may or may not have been accepted. Your input is still in the form. ' +
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

/** Returns the posted input fields by property. Converts the CRLF line ends of text areas. */
function parseInputFields(type: TaskType, form: Params): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const { name } of type.fields) {
    const value = lastOf(form, `input.${name}`);
    if (value !== undefined) fields[name] = value.replaceAll('\r\n', '\n');
  }
  return fields;
}

/** Replaces redacted values by nothing; a form would otherwise send the placeholder as the value. */
function withoutHidden(input: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name, hasHidden(value) ? undefined : value]),
  );
}

function asRecord(value: unknown): Record<string, unknown> {
  return Object.fromEntries(entriesOf(value) ?? []);
}
