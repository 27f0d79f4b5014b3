import { SettingsError } from '../config/load-settings.js';
import type { Settings } from '../config/settings.js';
import { RoostError } from '../contract/errors.js';
import type { Request } from 'express';

/**
 * Settings of access that are right by themselves and wrong together; above all an open door to others than this machine.
 * @throws SettingsError: the web app does not start.
 */
export function checkAccessSettings(settings: Settings, hasUsers: boolean): void {
  const { HOST, PUBLIC_URL, OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_ROLE_CLAIM } = settings;
  const problems: string[] = [];
  if (OIDC_ISSUER === '') {
    if (OIDC_CLIENT_ID !== '') problems.push('OIDC_ISSUER is missing: OIDC_CLIENT_ID alone means nothing');
  } else {
    if (OIDC_CLIENT_ID === '') problems.push('OIDC_CLIENT_ID is missing: OIDC_ISSUER needs it');
    if (PUBLIC_URL === '')
      problems.push('PUBLIC_URL is missing: the provider at OIDC_ISSUER sends people back to it');
    const people = [settings.OIDC_ADMINS, settings.OIDC_OPERATORS, settings.OIDC_VIEWERS].flat();
    if (people.length === 0 && OIDC_ROLE_CLAIM === '')
      problems.push('OIDC_ADMINS is missing, or another list, or OIDC_ROLE_CLAIM: nobody could come in');
  }
  if (!hasUsers && OIDC_ISSUER === '') {
    const cure = 'add a user (npm run user -- add <name> --role admin), set ACCESS_USERS, or OIDC_ISSUER';
    if (!isLoopback(HOST))
      problems.push(`HOST is ${HOST}, so others can reach this Roost, and it has no users: ${cure}`);
    if (PUBLIC_URL !== '' && !isLoopback(new URL(PUBLIC_URL).hostname))
      problems.push(`PUBLIC_URL says that others can reach this Roost, and it has no users: ${cure}`);
  }
  if (problems.length > 0) throw new SettingsError(problems);
}

/** An address or name that leads to this very machine, on every system. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return /^127(\.\d{1,3}){3}$/.test(name) || name === '::1' || /^([a-z0-9-]+\.)*localhost$/.test(name);
}

/**
 * Without users the way is the key: a request has to have come from this machine, and not for another site's name that
 * was made to lead here (DNS rebinding), nor through a proxy that passes on what comes from elsewhere.
 * @throws RoostError HOST_REFUSED
 */
export function checkOpenRequest({ headers }: Pick<Request, 'headers'>): void {
  const host = headers.host ?? '';
  const name = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';
  if (!isLoopback(name)) {
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
