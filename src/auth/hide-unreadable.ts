import type { Response } from 'express';
import type { Permission } from './permissions.js';
import type { Principal } from './principal.js';

/** Permissions whose responses describe tasks that other principals submitted. */
const ACT_PERMISSIONS: ReadonlySet<Permission> = new Set(['tasks.act', 'tasks.bulk', 'errors.mark']);

/** Response members that identify the task and the outcome without its content. */
const VISIBLE_MEMBERS = new Set([
  ...['id', 'fingerprint', 'type', 'queue', 'state', 'status', 'action', 'links', 'stopping'],
  ...['createdAt', 'undoMs', 'undoUntil'],
]);

/** Whether a response must not contain task content: permission to act on tasks does not include reading them. */
export function mayNotRead(principal: Principal, permission: Permission | undefined): boolean {
  return (
    permission !== undefined && ACT_PERMISSIONS.has(permission) && !principal.permissions.has('tasks.read')
  );
}

/** Reduces the JSON of a response to ids, types, states and links. Problem documents are no task content. */
export function hideContent(res: Response): void {
  const { json } = res;
  res.json = (answer: unknown) => json.call(res, withoutContent(answer));
}

function withoutContent(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer;
  return Object.fromEntries(Object.entries(answer).filter(([name]) => VISIBLE_MEMBERS.has(name)));
}
