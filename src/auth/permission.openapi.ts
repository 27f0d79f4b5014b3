import { named, oneOf } from '../model/schema.js';
import { PERMISSION_NAMES } from './permissions.js';

/** Shape of a permission in answers and requests. */
export const Permission = named(
  'Permission',
  oneOf(PERMISSION_NAMES, 'A permission. docs/security.md lists the permissions of each role.'),
);
