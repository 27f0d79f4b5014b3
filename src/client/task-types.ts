/**
 * Input and result of each task type, by name. Empty until `toDeclarations` has written the task types of a Roost into
 * a `.d.ts` file, which extends it; `roost.task(name)` is typed by it then.
 */
export interface TaskTypes {}

/** Name of a task type: of a declared one where there are any. */
export type TaskName = [keyof TaskTypes] extends [never] ? string : keyof TaskTypes & string;

/** Class of a task type, which is imported as a type only. */
export type TaskClass = abstract new (...args: never[]) => {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the parameter of any handler
  run(input: any, ...context: never[]): unknown;
};

/** Input of a task class. */
type InputOf<Type extends TaskClass> = Parameters<InstanceType<Type>['run']>[0];

/** Input to submit: the fields named by `Defaulted` have a default and can be left out. */
export type SubmitInput<Type extends TaskClass, Defaulted extends keyof InputOf<Type>> = Omit<
  InputOf<Type>,
  Defaulted
> &
  Partial<Pick<InputOf<Type>, Defaulted>>;

/** Names of the fields of a task class. */
export type FieldOf<Type extends TaskClass> = keyof InputOf<Type>;

/** Result of a task class. */
export type ResultOf<Type extends TaskClass> = Awaited<ReturnType<InstanceType<Type>['run']>>;

/** Input of a declared task type. */
export type DeclaredInput<Name> = Name extends keyof TaskTypes
  ? TaskTypes[Name] extends { input: infer Input }
    ? Input
    : never
  : object;

/** Result of a declared task type. */
export type DeclaredResult<Name> = Name extends keyof TaskTypes
  ? TaskTypes[Name] extends { result: infer Result }
    ? Result
    : unknown
  : unknown;
