import type { TaskState } from '../contract/states.js';
import { registerAccessHelpers } from './access-helpers.js';
import type { AssetUrls } from './asset-urls.js';
import {
  formatDuration,
  formatExact,
  formatNumber,
  formatRelative,
  formatTicking,
  plural,
} from './page-models/format.js';
import { STATE_ICONS } from './page-models/states.js';

/** What Handlebars hands to a helper as its last argument, as far as it is used here. */
interface HelperOptions {
  hash: Record<string, unknown>;
  data?: { root?: { now?: number } };
}

/** The part of a Handlebars instance that helpers need. */
export interface Engine {
  SafeString: new (html: string) => object;
  escapeExpression(text: string): string;
  registerHelper(name: string, helper: (...args: never[]) => unknown): void;
}

/**
 * Helpers that write HTML escape every part of it themselves; all others give plain text. A helper hides a
 * property of the same name from the views, so none is called like one.
 */
export function registerViewHelpers(engine: Engine, assets: AssetUrls): void {
  const escape = (value: unknown) => engine.escapeExpression(String(value));
  const html = (text: string) => new engine.SafeString(text);
  const icon = (name: string, className = '') =>
    `<svg class="icon${className && ` ${className}`}" aria-hidden="true" focusable="false">` +
    `<use href="${assets.of('icons.svg')}#${escape(name)}"></use></svg>`;
  const nowOf = (options: HelperOptions) => options.data?.root?.now ?? Date.now();

  const helpers: Record<string, (...args: never[]) => unknown> = {
    // Made of our own names and a hash: nothing in it needs escaping.
    asset: (name: string) => html(assets.of(name)),
    svgIcon: (name: string, options: HelperOptions) =>
      html(icon(name, options.hash.class as string | undefined)),
    stateMark: (state: TaskState) =>
      html(
        `<span class="state tone-${escape(state)}">${icon(STATE_ICONS[state] ?? 'info')}` +
          `<span class="word">${escape(state)}</span></span>`,
      ),

    ago: (iso: string | undefined, options: HelperOptions) => {
      const at = Date.parse(iso ?? '');
      if (Number.isNaN(at)) return '';
      return html(
        `<time datetime="${escape(iso)}" title="${formatExact(at)}" data-relative>` +
          `${formatRelative(at, nowOf(options))}</time>`,
      );
    },
    exactTime: (iso: string | undefined) => {
      const at = Date.parse(iso ?? '');
      return Number.isNaN(at)
        ? ''
        : html(
            `<time datetime="${escape(iso)}" title="${formatExact(at)}" data-exact>${formatExact(at)}</time>`,
          );
    },
    clockTime: (iso: string) => {
      const at = Date.parse(iso);
      if (Number.isNaN(at)) return '';
      return html(
        `<time datetime="${escape(iso)}" title="${formatExact(at)}" data-clock>${formatExact(at).slice(11, 19)}</time>`,
      );
    },
    /** Time since a moment, counted up in the browser. */
    ticking: (iso: string | undefined, options: HelperOptions) => {
      const at = Date.parse(iso ?? '');
      if (Number.isNaN(at)) return '';
      return html(`<span data-since="${escape(iso)}">${formatTicking(nowOf(options) - at)}</span>`);
    },

    ms: (ms: number | undefined) => (typeof ms === 'number' ? formatDuration(ms) : ''),
    roughMs: (ms: number) => formatTicking(ms),
    num: (value: number) => formatNumber(value),
    plural: (count: number, one: string, many?: string) =>
      plural(count, one, typeof many === 'string' ? many : undefined),

    concat: (...parts: unknown[]) => parts.slice(0, -1).join(''),
    eq: (a: unknown, b: unknown) => a === b,
    or: (...args: unknown[]) => args.slice(0, -1).find(Boolean),
    defined: (value: unknown) => value !== undefined && value !== null,
  };
  for (const [name, helper] of Object.entries(helpers)) engine.registerHelper(name, helper);
  registerAccessHelpers(engine);
}
