import type { TaskState } from '../../model/states.js';
import { registerAccessHelpers } from './access-helpers.js';
import type { AssetUrls } from './asset-urls.js';
import {
  formatDuration,
  formatExact,
  formatNumber,
  formatRelative,
  formatTicking,
  isLongName,
  plural,
  shortenName,
} from './format.js';
import { STATE_ICONS } from './states.js';

/** Part of the last argument that Handlebars passes to a helper. */
interface HelperOptions {
  hash: Record<string, unknown>;
  data?: { root?: { now?: number } };
}

/** Part of a Handlebars instance that helpers need. */
export interface Engine {
  SafeString: new (html: string) => object;
  escapeExpression(text: string): string;
  registerHelper(name: string, helper: (...args: never[]) => unknown): void;
}

/**
 * View helpers. Those that write HTML escape every part of it; all others return plain text. A helper shadows
 * a property of the same name in views, so none shares a property's name.
 */
export function registerViewHelpers(engine: Engine, assets: AssetUrls): void {
  const escape = (value: unknown) => engine.escapeExpression(String(value));
  const html = (text: string) => new engine.SafeString(text);
  const icon = (name: string, className = '') =>
    `<svg class="icon${className && ` ${className}`}" aria-hidden="true" focusable="false">` +
    `<use href="${assets.of('icons.svg')}#${escape(name)}"></use></svg>`;
  const nowOf = (options: HelperOptions) => options.data?.root?.now ?? Date.now();

  const helpers: Record<string, (...args: never[]) => unknown> = {
    // Contains only our own names and a hash, so it needs no escaping.
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

    shortName: (name: string) => shortenName(name),
    isLongName: (name: string) => isLongName(name),

    concat: (...parts: unknown[]) => parts.slice(0, -1).join(''),
    eq: (a: unknown, b: unknown) => a === b,
    or: (...args: unknown[]) => args.slice(0, -1).find(Boolean),
    defined: (value: unknown) => value !== undefined && value !== null,
  };
  for (const [name, helper] of Object.entries(helpers)) engine.registerHelper(name, helper);
  registerAccessHelpers(engine);
}
