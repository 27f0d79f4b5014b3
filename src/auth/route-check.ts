import { Injectable, type OnApplicationBootstrap, RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { ROUTE_ACCESS, type RouteAccess } from './require-permission.js';
import { isPublicPath } from './public-paths.js';

/** Route of the app with its access rule. */
export interface DeclaredRoute {
  /** `GET /api/v1/tasks/:id` */
  route: string;
  path: string;
  /** `TasksController.get` */
  handler: string;
  need?: RouteAccess;
}

/** Lists all routes. Fails the start if a route has no access rule, or one that contradicts public-paths.ts. */
@Injectable()
export class RouteCheck implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  onApplicationBootstrap(): void {
    const problems = this.routes().flatMap(({ route, path, handler, need }) => {
      if (need === undefined)
        return [`${route} (${handler}) has no @RequirePermission, @SignedIn or @Public`];
      if ((need === 'public') !== isPublicPath(path))
        return [`${route} (${handler}): @Public and auth/public-paths.ts contradict each other`];
      return [];
    });
    if (problems.length === 0) return;
    throw new Error(
      `These routes have no valid access rule. Add or correct it:\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    );
  }

  routes(): DeclaredRoute[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      if (!metatype) return [];
      const type = metatype as Type;
      const bases = list(Reflect.getMetadata(PATH_METADATA, type));
      const prototype = type.prototype as Record<string, () => unknown>;
      return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
        const handler = prototype[name]!;
        const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
        if (method === undefined) return [];
        const need = this.reflector.getAllAndOverride<RouteAccess | undefined>(ROUTE_ACCESS, [handler, type]);
        return bases.flatMap((base) =>
          list(Reflect.getMetadata(PATH_METADATA, handler)).map((end) => {
            const path = `/${[base, end]
              .flatMap((part) => part.split('/'))
              .filter(Boolean)
              .join('/')}`;
            return {
              route: `${RequestMethod[method]} ${path}`,
              path,
              handler: `${type.name}.${name}`,
              ...(need ? { need } : {}),
            };
          }),
        );
      });
    });
  }
}

function list(path: unknown): string[] {
  return (Array.isArray(path) ? path : [path ?? '']) as string[];
}
