import { SetMetadata } from '@nestjs/common';
import type { Permission } from './permissions.js';

/** Access rule of a route. */
export type RouteAccess = { permission: Permission } | 'signed-in' | 'public';

export const ROUTE_ACCESS = 'roost:need';

/** Requires a permission. On a method it overrides the rule of its class. */
export const RequirePermission = (permission: Permission) =>
  SetMetadata<string, RouteAccess>(ROUTE_ACCESS, { permission });

/** Requires a principal with any permissions. */
export const SignedIn = () => SetMetadata<string, RouteAccess>(ROUTE_ACCESS, 'signed-in');

/** Requires no login. The middleware passes the path only if public-paths.ts lists it too. */
export const Public = () => SetMetadata<string, RouteAccess>(ROUTE_ACCESS, 'public');
