import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Type } from '@nestjs/common';
import { INJECTABLE_WATERMARK } from '@nestjs/common/constants.js';
import { findTaskOptions, decoratedClassName } from '../task-api/task.decorator.js';
import { RegistryError } from './registry-error.js';
import { checkTaskType } from './check-task-type.js';
import { loadProblem } from './load-problem.js';
import { providerProblems, type LoadedType } from './provider-problems.js';
import { sourceName, TaskTypeFolder } from './task-type-folder.js';
import type { TaskType } from './task-type.js';
import { toTaskType } from './to-task-type.js';

/** `.js` in the build, `.ts` where TypeScript is run as it is: the same as this very file. */
const EXTENSION = extname(fileURLToPath(import.meta.url));
const TASK_SUFFIX = `.task${EXTENSION}`;
const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

export interface LoadOptions {
  /**
   * Providers of a worker besides the classes of the task types. Without it, the handlers' dependencies and the schemas of
   * `@Field` are not checked: a process for isolated tasks is started by a worker that has done so.
   */
  offered?: readonly unknown[];
}

/** Default folder of the task types: beside this folder, in `src` as in the build. */
export function defaultTaskTypesDir(): string {
  return fileURLToPath(new URL('../task-types', import.meta.url));
}

/**
 * Reads, imports and checks all task types of a folder: one folder each, named like the type, with
 * `<name>.task` in it. The other files of such a folder are imported as well, for their injectable classes.
 * @throws RegistryError with every problem of every type, each with its cure.
 */
export async function loadTaskTypes(dir: string, options: LoadOptions = {}): Promise<TaskType[]> {
  const problems: string[] = [];
  const loaded: LoadedType[] = [];
  for (const name of await folders(dir, problems)) {
    const folder = new TaskTypeFolder(name, join(dir, name));
    const type = await loadFolder(join(dir, name), folder, problems);
    if (type) loaded.push({ type, folder });
  }
  const types = loaded.map(({ type }) => type);
  // Loaded only here: processes for isolated tasks start without it.
  const schemaCheck = options.offered && (await import('./schema-check.js'));
  for (const { type, folder } of loaded) {
    problems.push(...(await checkTaskType(type, folder, schemaCheck)));
  }
  if (options.offered) problems.push(...providerProblems(loaded, options.offered));
  problems.push(...duplicates(types));
  if (problems.length > 0) throw new RegistryError(problems);
  return types.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function folders(dir: string, problems: string[]): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new RegistryError([
      `The folder of the task types cannot be read: ${error.message}. Create ${dir}.`,
    ]);
  });
  for (const entry of entries) {
    if (entry.isDirectory() || !entry.name.endsWith(TASK_SUFFIX)) continue;
    const name = basename(entry.name, TASK_SUFFIX);
    const file = sourceName(entry.name);
    problems.push(`${file}: stands alone. Move it into a folder of its own: ${name}/${file}.`);
  }
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

async function loadFolder(
  path: string,
  { name: folder, files: loadedFiles }: TaskTypeFolder,
  problems: string[],
): Promise<TaskType | undefined> {
  const report = (problem: string) => void problems.push(`${folder}: ${problem}`);
  if (!KEBAB_CASE.test(folder)) {
    report(`the name is not in kebab-case. Use lower-case words joined by "-", such as send-email.`);
  }
  const files = (await readdir(path)).filter(isModule).sort();
  const taskFile = `${folder}${TASK_SUFFIX}`;
  for (const file of files.filter((name) => name.endsWith(TASK_SUFFIX) && name !== taskFile)) {
    const name = basename(file, TASK_SUFFIX);
    report(
      `${sourceName(file)} is not named like its folder. Rename it to ${sourceName(taskFile)}, or the folder to ${name}.`,
    );
  }
  const other = await findOtherKind(path, folder);
  if (!files.includes(taskFile) && other) {
    report(otherKindProblem(other, folder));
    return undefined;
  }
  if (!files.includes(taskFile)) {
    report(
      `there is no ${sourceName(taskFile)}. Create it with a class marked @Task({ name: '${folder}', ... }), or remove the folder.`,
    );
    return undefined;
  }
  const classes = new Map<string, Set<Type>>();
  for (const file of files) {
    const exported = await import(pathToFileURL(join(path, file)).href).catch((error: unknown) => {
      report(loadProblem(sourceName(file), error));
    });
    if (!exported) continue;
    const values: unknown[] = Object.values(exported as object);
    loadedFiles.set(file, values);
    classes.set(file, new Set(values.filter(isInjectable)));
  }
  if (!classes.has(taskFile)) return undefined;
  return pickHandler(folder, taskFile, classes, report);
}

/** Sources of another kind are compiled to files of another kind: `.mts` to `.mjs`. */
function otherKindProblem(file: string, folder: string): string {
  if (EXTENSION !== '.js') {
    return `${file} is not run here: this Roost runs ${EXTENSION} files. Rename it to ${folder}.task${EXTENSION}.`;
  }
  const source = file.replace(/\.([mc])js$/, '.$1ts');
  const cure =
    source === file
      ? `Put it under src/task-types/${folder}/ and build it (npm run build)`
      : `Rename it to ${folder}.task.ts and build it (npm run build)`;
  return `${source} is not run here: this Roost runs what is built of .ts files. ${cure}.`;
}

/** A task file in another kind of JavaScript or TypeScript. */
async function findOtherKind(path: string, folder: string): Promise<string | undefined> {
  const kinds = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx'];
  return (await readdir(path)).find((file) => kinds.some((kind) => file === `${folder}.task${kind}`));
}

function pickHandler(
  folder: string,
  taskFile: string,
  classes: Map<string, Set<Type>>,
  report: (problem: string) => void,
): TaskType | undefined {
  const handlers = [...new Set([...classes.values()].flatMap((set) => [...set]))].filter(findTaskOptions);
  const [handler] = [...(classes.get(taskFile) ?? [])].filter(findTaskOptions);
  if (handlers.length > 1) {
    const names = handlers.map((one) => one.name).join(' and ');
    report(
      `there are ${handlers.length} @Task classes, ${names}. Keep one; give each other a folder of its own.`,
    );
    return undefined;
  }
  if (!handler) {
    const hidden = decoratedClassName(folder);
    report(
      hidden === undefined
        ? `${sourceName(taskFile)} exports no class marked with @Task. Mark the handler with @Task({ ... }) and export it.`
        : `${hidden} is marked with @Task, but ${sourceName(taskFile)} does not export it. Write \`export class ${hidden}\`.`,
    );
    return undefined;
  }
  const providers = [...new Set([...classes.values()].flatMap((set) => [...set]))];
  const options = findTaskOptions(handler)!;
  if (options.name !== folder) {
    report(
      `@Task is named '${options.name}'. Make it name: '${folder}', or rename the folder and ${sourceName(taskFile)} to it.`,
    );
  }
  if (typeof options.input !== 'function') {
    report(
      `${handler.name} has no input class. Declare it above the handler and name it: @Task({ input: ... }).`,
    );
    return undefined;
  }
  try {
    return toTaskType(options, handler as TaskType['handlerClass'], providers);
  } catch (error) {
    report(`no schema can be made of ${options.input.name}: ${messageOf(error)}`);
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isModule(file: string): boolean {
  return file.endsWith(EXTENSION) && !/\.(d|spec|test)\.[jt]s$/.test(file);
}

function isInjectable(value: unknown): value is Type {
  return typeof value === 'function' && Reflect.hasOwnMetadata(INJECTABLE_WATERMARK, value);
}

function duplicates(types: TaskType[]): string[] {
  const names = types.map((type) => type.name);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...twice].map(
    (name) => `${name}: two folders declare a task type of this name. Rename one of them.`,
  );
}
