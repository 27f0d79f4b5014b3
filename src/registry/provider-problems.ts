import { Scope, type Type } from '@nestjs/common';
import {
  ApplicationConfig,
  HttpAdapterHost,
  INQUIRER,
  LazyModuleLoader,
  ModuleRef,
  ModulesContainer,
  Reflector,
  REQUEST,
} from '@nestjs/core';
import { dependenciesOf, isInjectable, scopeOf, type Dependency } from './dependencies.js';
import type { TaskTypeFolder } from './task-type-folder.js';
import type { TaskType } from './task-type.js';

/** Providers of Nest itself, in every process. */
const NEST: readonly unknown[] = [
  ApplicationConfig,
  HttpAdapterHost,
  INQUIRER,
  LazyModuleLoader,
  ModuleRef,
  ModulesContainer,
  Reflector,
  Reflector.name,
];

export interface LoadedType {
  type: TaskType;
  folder: TaskTypeFolder;
}

/**
 * Finds faults that keep Nest from building a handler in a worker, or in a process of isolated tasks; each with its
 * fix. Reads only the metadata of the classes and builds nothing, so that the web app can check it as well.
 * `offered` is what a worker provides besides the classes of the task types.
 */
export function providerProblems(loaded: readonly LoadedType[], offered: readonly unknown[]): string[] {
  const inWorker = new Set([...loaded.flatMap(({ type }) => type.providers), ...offered, ...NEST]);
  const isolated = loaded.filter(({ type }) => type.isolate);
  const inChild = new Set([...isolated.flatMap(({ type }) => type.providers), ...NEST]);
  const problems = loaded.flatMap(({ type, folder }) => {
    const check = new FolderCheck(type, folder, loaded, inWorker, type.isolate ? inChild : inWorker);
    return [...new Set(check.problems())].map((problem) => `${type.name}: ${problem}`);
  });
  return problems;
}

class FolderCheck {
  constructor(
    private readonly type: TaskType,
    private readonly folder: TaskTypeFolder,
    private readonly loaded: readonly LoadedType[],
    private readonly inWorker: ReadonlySet<unknown>,
    /** Providers of the process that runs this type. */
    private readonly provided: ReadonlySet<unknown>,
  ) {}

  problems(): string[] {
    const { handlerClass, providers } = this.type;
    const missing = providers.flatMap((provider) =>
      dependenciesOf(provider).flatMap((dependency) => this.missing(provider, dependency)),
    );
    const transient =
      scopeOf(handlerClass as Type) === Scope.TRANSIENT
        ? [
            `${this.folder.nameOf(handlerClass)} is transient. Leave its scope out: one handler runs all tasks of a type.`,
          ]
        : [];
    return [...transient, ...missing, ...this.requestScoped(), ...this.circular()];
  }

  private missing(provider: Type, dependency: Dependency): string[] {
    const { token, place, isOptional } = dependency;
    if (isOptional && token !== undefined) return [];
    const who = this.folder.nameOf(provider);
    if (token === provider) return [`${who} needs itself: ${place}. Leave that out.`];
    // `requestScoped` reports this one.
    if (this.provided.has(token) || token === REQUEST) return [];
    if (this.inWorker.has(token)) return [this.missingInChild(who, token)];
    if (token === undefined) {
      return [
        `${who} needs a class that did not exist yet when it was named: ${place}. Declare it above, or end the circle of files that import each other.`,
      ];
    }
    if (token === Object) {
      return [
        `${who} asks for an interface, or for a class imported with \`import type\`: ${place}. Neither is there at run time. Ask for a class, imported without \`type\`.`,
      ];
    }
    if (typeof token !== 'function') {
      return [
        `${who} asks for ${showToken(token)} with @Inject(): ${place}. Nobody provides it, as the folder of a task type provides classes alone. Ask for a class that a file of the folder exports.`,
      ];
    }
    return [this.missingClass(who, token as Type, place)];
  }

  private missingInChild(who: string, token: unknown): string {
    const owner = this.loaded.find(({ type }) => type.providers.includes(token as Type));
    const name = showToken(token);
    return owner
      ? `${who} needs ${name} of ${owner.type.name}, which is not isolated: the process for isolated tasks does not have it. Export the class from a file of this folder too, or leave isolate out.`
      : `${who} needs ${name}, which the worker has and the process for isolated tasks does not. Do without it, or leave isolate out.`;
  }

  private missingClass(who: string, token: Type, place: string): string {
    const { name } = token;
    if (isBuiltIn(token)) {
      return `${who} asks for a ${name}: ${place}. Nobody provides one. Ask for a class marked with @Injectable(), or use a constant.`;
    }
    for (const { folder } of [{ folder: this.folder }, ...this.loaded]) {
      const found = folder.fileOf(token);
      if (!found) continue;
      const where = folder === this.folder ? found.file : `${folder.name}/${found.file}`;
      const mark = isInjectable(token) ? '' : ` and mark it with @Injectable()`;
      return found.isExported
        ? `${who} needs ${name}, which is not marked with @Injectable(). Mark it in ${where}.`
        : `${who} needs ${name}, which ${where} does not export. Write \`export class ${name}\`${mark}.`;
    }
    if (name === 'Logger') {
      return `${who} needs Logger: ${place}. Nobody provides it. Make one: \`private readonly logger = new Logger('${this.type.name}')\`.`;
    }
    return `${who} needs ${name}, which no file of the folder exports: ${place}. Export it from one, as in \`export { ${name} } from '...'\`; a worker has the injectable classes that the files of the task types export.`;
  }

  private requestScoped(): string[] {
    const { handlerClass } = this.type;
    const problems: string[] = [];
    const seen = new Set<unknown>();
    const visit = (provider: Type, path: readonly string[]) => {
      if (seen.has(provider)) return;
      seen.add(provider);
      const needed = path.length > 0 ? `, which ${path.join(' needs, which ')} needs,` : '';
      if (scopeOf(provider) === Scope.REQUEST) {
        problems.push(
          `${this.nameOf(provider)}${needed} is request-scoped, and a worker has no requests. Leave its scope out.`,
        );
      }
      for (const { token } of dependenciesOf(provider)) {
        if (token === REQUEST) {
          problems.push(
            `${this.nameOf(provider)}${needed} asks for the request, and a worker has none. Leave REQUEST out.`,
          );
        } else if (isInjectable(token) && this.inWorker.has(token)) visit(token, [provider.name, ...path]);
      }
    };
    visit(handlerClass as Type, []);
    return problems;
  }

  /** Classes that need each other without a `forwardRef` anywhere. */
  private circular(): string[] {
    const problems: string[] = [];
    const done = new Set<Type>();
    const visit = (provider: Type, path: Type[]) => {
      const at = path.indexOf(provider);
      if (at >= 0) {
        const circle = [...path.slice(at), provider].map(({ name }) => name).join(' needs ');
        if (path.length - at > 1) {
          problems.push(
            `${circle}: a circle (${this.nameOf(provider)}). Move what they share to a class of its own, or name one with @Inject(forwardRef(() => ...)).`,
          );
        }
        return;
      }
      if (done.has(provider)) return;
      for (const { token, isForward } of dependenciesOf(provider)) {
        if (!isForward && this.provided.has(token) && isInjectable(token)) visit(token, [...path, provider]);
      }
      done.add(provider);
    };
    for (const provider of this.type.providers) visit(provider, []);
    return problems;
  }

  private nameOf(provider: Type): string {
    if (this.folder.fileOf(provider)) return this.folder.nameOf(provider);
    const owner = this.loaded.find(({ type }) => type.providers.includes(provider));
    const file = owner?.folder.fileOf(provider)?.file;
    return file ? `${provider.name} (${owner!.folder.name}/${file})` : provider.name;
  }
}

function showToken(token: unknown): string {
  if (typeof token === 'function') return token.name;
  return typeof token === 'string' ? `'${token}'` : String(token);
}

/** `String`, `Array`, `Promise`, ...: what TypeScript records for a type that is no class of anybody's. */
function isBuiltIn(token: { name: string }): boolean {
  return (globalThis as Record<string, unknown>)[token.name] === token;
}
