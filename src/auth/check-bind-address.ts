import { SettingsError } from '../platform/config/load-settings.js';
import type { Settings } from '../platform/config/settings.js';
import { RoostError } from '../model/errors.js';
import type { Request } from 'express';

/**
 * Rejects combinations of valid auth settings, in particular an instance without users that other machines can reach.
 * @throws SettingsError: the web app does not start.
 */
export function checkAuthSettings(settings: Settings, hasUsers: boolean): void {
  const { HOST, PUBLIC_URL, OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_ROLE_CLAIM, OIDC_ROLE_MAP } = settings;
  const problems: string[] = [];
  if (OIDC_ROLE_MAP !== '' && OIDC_ROLE_CLAIM === '')
    problems.push('OIDC_ROLE_CLAIM is missing: OIDC_ROLE_MAP needs the claim with the groups');
  if (OIDC_ISSUER === '') {
    if (OIDC_CLIENT_ID !== '')
      problems.push('OIDC_ISSUER is missing: OIDC_CLIENT_ID has no effect without it');
  } else {
    if (OIDC_CLIENT_ID === '') problems.push('OIDC_CLIENT_ID is missing: OIDC_ISSUER needs it');
    if (PUBLIC_URL === '')
      problems.push('PUBLIC_URL is missing: the provider at OIDC_ISSUER sends people back to it');
    const people = [settings.OIDC_ADMINS, settings.OIDC_OPERATORS, settings.OIDC_VIEWERS].flat();
    if (people.length === 0 && OIDC_ROLE_CLAIM === '')
      problems.push(
        'OIDC_ADMINS is missing, or another list, or OIDC_ROLE_CLAIM: without them no user could sign in',
      );
  }
  if (!hasUsers && OIDC_ISSUER === '') {
    const remedy = 'add a user (npm run user -- add <name> --role admin), set ACCESS_USERS, or OIDC_ISSUER';
    if (!isLoopback(HOST))
      problems.push(`HOST is ${HOST}, so others can reach this Roost, and it has no users: ${remedy}`);
    if (PUBLIC_URL !== '' && !isLoopback(new URL(PUBLIC_URL).hostname))
      problems.push(`PUBLIC_URL makes this Roost available to others, and it has no users: ${remedy}`);
  }
  if (problems.length > 0) throw new SettingsError(problems);
}

/** Whether an address or name means this machine on every system. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return /^127(\.\d{1,3}){3}$/.test(name) || name === '::1' || /^([a-z0-9-]+\.)*localhost$/.test(name);
}

let lastHost = '';
let lastHostName = '';

/** Returns the name of a Host header without its port, empty if it is not valid. Remembers the last one: most are equal. */
function hostName(host: string): string {
  if (host !== lastHost) {
    lastHostName = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';
    lastHost = host;
  }
  return lastHostName;
}

/**
 * Restricts an instance without users to local requests. Rejects foreign host names that resolve to this machine (DNS
 * rebinding), and requests that a proxy forwards.
 * @throws RoostError HOST_REFUSED
 */
export function checkOpenRequest({ headers }: Pick<Request, 'headers'>): void {
  const host = headers.host ?? '';
  if (!isLoopback(hostName(host))) {
    throw new RoostError(
      'HOST_REFUSED',
      `This Roost has no users, so it answers only as localhost or 127.0.0.1, not as ${JSON.stringify(host.slice(0, 100))}.`,
    );
  }
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) {
    throw new RoostError(
      'HOST_REFUSED',
      'This Roost has no users, so it answers this machine alone, not what a proxy passes on: add users first.',
    );
  }
}

/**
 * Accepts only the host of PUBLIC_URL, HOST and loopback names, if PUBLIC_URL is set: another Host header could make
 * pages contain foreign addresses. Exempts clients with an Authorization header, which may use internal names.
 * @throws RoostError HOST_REFUSED
 */
export function checkHost(
  { headers }: Pick<Request, 'headers'>,
  { PUBLIC_URL, HOST }: Pick<Settings, 'PUBLIC_URL' | 'HOST'>,
): void {
  if (PUBLIC_URL === '' || headers.authorization !== undefined) return;
  const host = headers.host ?? '';
  const name = hostName(host);
  const known = new URL(PUBLIC_URL).hostname;
  if (name === known || name === HOST || isLoopback(name)) return;
  throw new RoostError(
    'HOST_REFUSED',
    `This Roost answers as ${known} (PUBLIC_URL), not as ${JSON.stringify(host.slice(0, 100))}.`,
  );
}
