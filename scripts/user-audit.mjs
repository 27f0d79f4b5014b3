// Puts what `npm run user` changed into the audit, in the history's file: also while a web app has it open.
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { inRoot, root } from './project.mjs';

/**
 * Takes `{ action, name, detail }` of a change that is done. A failure to write is printed with its reason; the
 * change itself stays.
 */
export async function auditUserChange({ action, name, detail }) {
  try {
    const { StoreEngine } = await import(inRoot('dist/history/sqlite/store-engine.js'));
    const engine = new StoreEngine({ file: historyFile(), auditKey: await auditKey() });
    try {
      engine.appendAudit([toEntry(action, name, detail)]);
    } finally {
      engine.close();
    }
  } catch (error) {
    console.error(`The change is done, but it is not in the audit: ${error.message}`);
  }
}

export function historyFile() {
  const url = process.env.HISTORY_URL?.trim() || 'file:data/history.db';
  if (!url.startsWith('file:')) throw new Error(`HISTORY_URL does not name a file: ${url.split(':', 1)[0]}`);
  return resolve(root, url.slice('file:'.length));
}

/** As the web app makes it; undefined where there can be none: an entry without a seal is better than no entry. */
async function auditKey() {
  const { ensureAccessSecret } = await import(inRoot('dist/platform/config/access-secret.js'));
  const { toAuditKey } = await import(inRoot('dist/history/sqlite/audit-seal.js'));
  try {
    return toAuditKey(ensureAccessSecret(secretSettings()));
  } catch (error) {
    console.error(`The entry of it in the audit is not sealed: ${error.message}`);
    return undefined;
  }
}

/** Settings with the place of the secret. */
export function secretSettings() {
  return {
    ACCESS_SECRET: process.env.ACCESS_SECRET?.trim() || '',
    ACCESS_USERS_FILE: resolve(root, process.env.ACCESS_USERS_FILE?.trim() || 'data/users'),
  };
}

function toEntry(action, name, detail) {
  return {
    ...{ at: Date.now(), who: userInfo().username, via: 'cli', from: '', permission: '' },
    ...{ method: 'CLI', route: '', path: `npm run user -- ${action}`, targets: [name] },
    ...{ reason: detail ?? null, status: 0, outcome: 'done', code: '', requestId: '' },
  };
}
