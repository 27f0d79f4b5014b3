import { nearName } from '../../model/near-name.js';
import { isRole, ROLES, type Role } from '../../model/roles.js';

const FORM = 'must be groups with their roles such as platform-team=admin, developers=operator';

/** JSON string token, with the colon that marks a member name. */
const JSON_STRING = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

/**
 * Parses the roles of a provider's groups: `group=role` separated by commas, or a JSON object for names with `=` or
 * `,`.
 * @throws Error whose message follows the name of the setting.
 */
export function parseRoleMap(text: string): Map<string, Role> {
  const entries = text.startsWith('{') ? fromJson(text) : fromList(text);
  const map = new Map<string, Role>();
  for (const [group, role] of entries) {
    if (group === '') throw new Error(`${FORM}: a role needs a group`);
    if (!isRole(role)) throw new Error(`${FORM}: ${wrongRole(role)}`);
    if (map.has(group)) throw new Error(`${FORM}: a group is there twice`);
    map.set(group, role);
  }
  if (text !== '' && map.size === 0) throw new Error(FORM);
  return map;
}

function fromList(text: string): [group: string, role: unknown][] {
  if (text === '') return [];
  return text.split(',').map((entry) => {
    const parts = entry.split('=').map((part) => part.trim());
    if (parts.length !== 2) {
      throw new Error(
        `${FORM}; where the name of a group has = or , in it, JSON such as {"CN=Ops,DC=example": "operator"}`,
      );
    }
    return parts as [string, string];
  });
}

function fromJson(text: string): [group: string, role: unknown][] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('must be whole JSON where it begins with {, such as {"CN=Ops,DC=example": "operator"}');
  }
  const entries = Object.entries(value as Record<string, unknown>);
  const named = [...text.matchAll(JSON_STRING)].filter(([, colon]) => colon !== undefined).length;
  // JSON.parse silently keeps the last of repeated names.
  if (named > entries.length && entries.every(([, role]) => typeof role === 'string'))
    throw new Error(`${FORM}: a group is there twice`);
  return entries;
}

function wrongRole(role: unknown): string {
  const near = typeof role === 'string' ? nearName(role, ROLES) : undefined;
  // Not repeated unless it is close to a role: the value may be a misplaced secret.
  if (near) return `${JSON.stringify(role)} is no role; did you mean ${near}?`;
  return `one of the roles is none of: ${ROLES.join(', ')}`;
}
