import * as s from '../model/schema.js';
import { PERMISSION_NAMES } from './permissions.js';

/** Shape of a permission in answers and requests. */
export const Permission = s.named(
  'Permission',
  s.oneOf(PERMISSION_NAMES, 'A permission. docs/security.md lists the permissions of each role.'),
);
