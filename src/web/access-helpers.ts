import type { AccessView } from '../access/access-view.js';
import type { Permission } from '../access/permissions.js';

/** The part of a Handlebars instance that is needed here. */
interface Engine {
  SafeString: new (html: string) => object;
  escapeExpression(text: string): string;
  registerHelper(name: string, helper: (...args: never[]) => unknown): void;
}

interface RootOptions {
  data?: { root?: { access?: AccessView } };
}

/** Helpers for what hangs on who looks at a page; the gate puts `access` into every view. */
export function registerAccessHelpers(engine: Engine): void {
  /** In every form that posts. Nothing where there is no login to misuse. */
  engine.registerHelper('csrf', (options: RootOptions) => {
    const token = options.data?.root?.access?.csrf;
    if (token === undefined) return '';
    return new engine.SafeString(
      `<input type="hidden" name="_csrf" value="${engine.escapeExpression(token)}">`,
    );
  });

  /** `{{#if (may 'tasks.act')}}`: what may not be done is not offered. It is refused all the same. */
  engine.registerHelper('may', (permission: Permission, options: RootOptions) => {
    const access = options.data?.root?.access;
    return access === undefined || access.may.has(permission);
  });
}
