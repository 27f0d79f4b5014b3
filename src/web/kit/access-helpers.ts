import type { AccessView } from '../../auth/access-view.js';
import type { Permission } from '../../auth/permissions.js';

/** Required part of a Handlebars instance. */
interface Engine {
  SafeString: new (html: string) => object;
  escapeExpression(text: string): string;
  registerHelper(name: string, helper: (...args: never[]) => unknown): void;
}

interface RootOptions {
  data?: { root?: { access?: AccessView } };
}

/** Helpers that depend on the principal. The authentication middleware adds `access` to every view. */
export function registerAccessHelpers(engine: Engine): void {
  /** Hidden field of every form that posts. Empty if no login is configured. */
  engine.registerHelper('csrf', (options: RootOptions) => {
    const token = options.data?.root?.access?.csrf;
    if (token === undefined) return '';
    return new engine.SafeString(
      `<input type="hidden" name="_csrf" value="${engine.escapeExpression(token)}" autocomplete="off">`,
    );
  });

  /** `{{#if (may 'tasks.act')}}`: hides actions without permission. The server refuses them anyway. */
  engine.registerHelper('may', (permission: Permission, options: RootOptions) => {
    const access = options.data?.root?.access;
    return access === undefined || access.may.has(permission);
  });
}
