import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Redaction } from '../platform/redaction/redaction.js';
import { AuthenticationMiddleware } from './authentication.middleware.js';
import { findForm, hasSecretName, type SavedForm, unpackForm } from './saved-form.js';
import { ANONYMOUS, type Principal } from './principal.js';

/** Fields that the page fills in, not the user. */
const FILLED_BY_PAGES = new Set([
  ...['key', 'from', 'back', 'asOf', 'count', 'id', 'type', 'command', 'action', 'queue', 'state', 'sort'],
  ...['columns', 'remember', 'of', 'q'],
]);
const MAX_LINE_LENGTH = 80;
const MAX_LISTED = 20;

/** Reasons for showing a form again instead of submitting it. */
const REASONS = {
  ended: 'Your session had ended when you submitted this form',
  changed: 'You have signed in again since this page was opened',
};

export interface SavedFormTexts {
  title: string;
  detail: string;
}

/** Returns the form's page with the fields filled in, or undefined if the page does not know the form. */
export type SavedFormPage = (
  fields: Record<string, string[]>,
  words: SavedFormTexts,
) => Promise<{ view: string; page: object } | undefined>;

/** Shows a form that could not be submitted without a login. Submits nothing before the user clicks. */
@Injectable()
export class SavedForms {
  private readonly pages = new Map<string, SavedFormPage>();

  constructor(
    private readonly authentication: AuthenticationMiddleware,
    private readonly redaction: Redaction,
  ) {}

  /** Registers the page that renders forms for a path. Other forms are shown as a list of their fields. */
  register(path: string, draw: SavedFormPage): void {
    this.pages.set(path, draw);
  }

  /** Returns the form that a login form carries, if it is one. */
  unpack(packed: unknown): SavedForm | undefined {
    return unpackForm(packed, this.redaction);
  }

  /** Shows the form in response to the request that started the session. */
  async showAfterLogin(res: Response, form: SavedForm, sessionId: string): Promise<void> {
    const principal = await this.authentication.present(res, sessionId);
    await this.show(res, form, principal, REASONS.ended);
  }

  /** Shows the form of a refused request. Returns false if it has none. */
  async showRefused(req: Request, res: Response): Promise<boolean> {
    const { principal = ANONYMOUS } = req;
    const form = principal.via === 'session' ? findForm(req, this.redaction) : undefined;
    if (form) await this.show(res, form, principal, REASONS.changed);
    return form !== undefined;
  }

  private async show(res: Response, form: SavedForm, principal: Principal, reason: string): Promise<void> {
    const { action, fields, dropped } = form;
    const words = { title: 'Not sent yet', detail: toDetail(reason, dropped) };
    const draw = this.pages.get(action.split('?', 1)[0]!);
    const filled =
      draw && principal.permissions.has('tasks.read') ? await draw(toLists(fields), words) : undefined;
    res.setHeader('Cache-Control', 'no-store');
    if (filled) return res.render(filled.view, filled.page);
    const rows = fields.map(([name, value], i) => toRow(name, value, i));
    const behind = rows.filter(({ name, value }) => value === '' || isFilledByPage(name, fields));
    const listed = behind.filter(({ name }) => FILLED_BY_PAGES.has(name));
    res.render('access/saved-form', {
      layout: 'layouts/door',
      ...words,
      action,
      path: action.split('?', 1)[0],
      behind,
      listed: listed.slice(0, MAX_LISTED),
      unlisted: Math.max(0, listed.length - MAX_LISTED),
      typed: rows.filter((row) => !behind.includes(row)),
      dropped: dropped.map((name, i) => ({
        ...toRow(name, '', fields.length + i),
        isSecret: hasSecretName(name),
      })),
    });
  }
}

function toDetail(reason: string, dropped: readonly string[]): string {
  const names = dropped.map((name) => name.replace(/^(input|options)\./, '')).join(', ');
  const missing = names && ` Secrets are not saved: fill in ${names} again.`;
  return `${reason}, so nothing was done. Check your input below, then submit it.${missing}`;
}

/** Includes the unit or time zone of an empty field. */
function isFilledByPage(name: string, fields: SavedForm['fields']): boolean {
  const [, field] = /^(.+)(?:Unit|Zone)$/.exec(name) ?? [];
  return (
    FILLED_BY_PAGES.has(name) ||
    (field !== undefined && fields.some(([other, value]) => other === field && value === ''))
  );
}

function toRow(name: string, value: string, i: number) {
  const isLong = value.length > MAX_LINE_LENGTH || value.includes('\n');
  return { id: `saved-${i}`, name, value, label: toLabel(name), isLong };
}

function toLabel(name: string): string {
  const label = name.replace(/^(input|options)\./, '');
  return label.slice(0, 1).toUpperCase() + label.slice(1);
}

function toLists(fields: SavedForm['fields']): Record<string, string[]> {
  const lists: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const [name, value] of fields) (lists[name] ??= []).push(value);
  return lists;
}
