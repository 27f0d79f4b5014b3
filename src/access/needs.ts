import { SetMetadata } from '@nestjs/common';
import type { Permission } from './permissions.js';

/** What a route asks of who calls it. */
export type Need = { permission: Permission } | 'signed-in' | 'public';

export const NEED = 'roost:need';

/** Only for those who have this permission. On a method it goes before that of its class. */
export const Needs = (permission: Permission) => SetMetadata<string, Need>(NEED, { permission });

/** For everyone who is in, whatever they may do. */
export const SignedIn = () => SetMetadata<string, Need>(NEED, 'signed-in');

/** For everybody, also without login. The gate lets only those through that public-paths.ts lists as well. */
export const Public = () => SetMetadata<string, Need>(NEED, 'public');
