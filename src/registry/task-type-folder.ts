import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/** One folder of a task type: its files and what they export. */
export class TaskTypeFolder {
  /** Exports of each file, by file name. */
  readonly files = new Map<string, readonly unknown[]>();

  constructor(
    readonly name: string,
    private readonly path: string,
  ) {}

  exportsOf(): unknown[] {
    return [...new Set([...this.files.values()].flat())];
  }

  /** The file that exports this class, else one that declares a class of this name. */
  fileOf(target: unknown): { file: string; isExported: boolean } | undefined {
    for (const [file, exported] of this.files) {
      if (exported.includes(target)) return { file: sourceName(file), isExported: true };
    }
    const name = typeof target === 'function' ? target.name : '';
    for (const file of name ? this.files.keys() : []) {
      const text = this.textOf(file);
      if ([' ', '{'].some((end) => text.includes(`class ${name}${end}`))) {
        return { file: sourceName(file), isExported: false };
      }
    }
    return undefined;
  }

  /** The class's name with its file, for a message. */
  nameOf(target: { name: string }): string {
    const found = this.fileOf(target);
    return found ? `${target.name} (${found.file})` : target.name;
  }

  private textOf(file: string): string {
    try {
      return readFileSync(join(this.path, file), 'utf8');
    } catch {
      return '';
    }
  }
}

/** The file that was compiled to this one: the build makes every `.js` of a `.ts`. */
export function sourceName(file: string): string {
  return extname(file) === '.js' ? `${file.slice(0, -'.js'.length)}.ts` : file;
}
