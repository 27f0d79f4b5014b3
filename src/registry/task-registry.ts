import { RoostError, type FieldProblem } from '../model/errors.js';
import { nearName } from '../model/near-name.js';
import { formProblems, parseForm } from './parse-form.js';
import { queueNames } from './queue-names.js';
import type { TaskType } from './task-type.js';
import { isPlainlyValid, validateInput, type ReportFault, type SchemaCheck } from './validate-input.js';

/** Longest task type name repeated in an error message, in characters. */
const MAX_ECHO = 60;

/** All task types there are, and what can be asked of their inputs. */
export class TaskRegistry {
  private readonly byName: ReadonlyMap<string, TaskType>;
  private readonly byTitle: readonly TaskType[];
  /** Names of the queues that Roost manages, the default queue first. */
  readonly queues: readonly string[];

  constructor(
    types: Iterable<TaskType>,
    private readonly report?: ReportFault,
    queues?: readonly string[],
    private readonly promised?: SchemaCheck,
  ) {
    this.byTitle = [...types].sort((a, b) => a.title.localeCompare(b.title, 'en'));
    this.queues = queues ?? queueNames(this.byTitle);
    this.byName = new Map(this.byTitle.map((type) => [type.name, type]));
  }

  /** @throws RoostError TASK_TYPE_UNKNOWN, naming what was probably meant and what there is. */
  get(name: string): TaskType {
    const type = this.find(name);
    if (type) return type;
    const names = [...this.byName.keys()].sort();
    const near = typeof name === 'string' ? nearName(name, names) : undefined;
    const shown = typeof name === 'string' ? name.slice(0, MAX_ECHO) : String(name);
    const message =
      `\`${shown}\` is no task type.${near ? ` Did you mean \`${near}\`?` : ''} ` +
      (names.length > 0 ? `There are: ${names.join(', ')}.` : 'There are none yet.');
    throw new RoostError('TASK_TYPE_UNKNOWN', message, [{ path: 'type', message }]);
  }

  find(name: string): TaskType | undefined {
    return this.byName.get(name);
  }

  /** By title, as people see them. */
  all(): TaskType[] {
    return [...this.byTitle];
  }

  /** True if a glance shows that the input is valid; false means that `validate` has to decide. */
  isPlainlyValid(type: TaskType, raw: unknown): boolean {
    return isPlainlyValid(type, raw, this.promised);
  }

  /**
   * An instance of the input class with the defaults filled in.
   * @throws RoostError INPUT_INVALID with every problem at once.
   */
  validate(type: TaskType, raw: unknown): Promise<object> {
    return validateInput(type, raw, this.report, this.promised);
  }

  /** The strings of a posted form as raw input, for `validate` to judge. */
  parseForm(type: TaskType, form: Record<string, unknown>): Record<string, unknown> {
    return parseForm(type, form);
  }

  /** Lists form values that a number or JSON can't hold exactly, such as a number with too many digits. */
  formProblems(type: TaskType, form: Record<string, unknown>): FieldProblem[] {
    return formProblems(type, form);
  }
}
