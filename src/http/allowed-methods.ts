import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { RoostError } from '../model/errors.js';

/** Internal layer of the Express router. */
export interface RouterLayer {
  route?: { path: unknown; methods: Record<string, boolean>; stack?: { handle: RequestHandler }[] };
}

/** Static files served under a prefix, outside the router. */
export interface ServedFolder {
  /** Prefix such as `/assets`. */
  prefix: string;
  folder: string;
}

/** Node in the tree of all route patterns. */
interface Node {
  literals: Map<string, Node>;
  parameter?: Node;
  methods: Set<string>;
}

/** Path of a file: no dot files, no way out of the folder. */
const FILE_PATH = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/;

/**
 * Answers OPTIONS and unsupported methods from the router's own table, the same for routes, pages and files. The most
 * specific pattern decides: `/tasks/bulk`, which takes only POST, is not read as a task id. Runs after
 * authentication, so anonymous clients learn nothing.
 */
export class AllowedMethods {
  private tree: Node | undefined;

  /** @param layers evaluated at the first request, when all routes are registered. */
  constructor(
    private readonly layers: () => readonly RouterLayer[],
    private readonly folders: readonly ServedFolder[],
  ) {}

  readonly middleware = (req: Request, res: Response, next: NextFunction): void => {
    const allowed = this.of(req.path, req.method);
    if (!allowed || (allowed.has(req.method) && req.method !== 'OPTIONS')) return next();
    const list = [...allowed].join(', ');
    res.setHeader('Allow', list);
    if (req.method === 'OPTIONS') {
      res.status(204).end();
      return;
    }
    const words = list.replace(/, OPTIONS$/, '');
    next(
      new RoostError('METHOD_NOT_ALLOWED', `This address takes ${words}, not ${req.method}.`, undefined, {
        allow: [...allowed],
      }),
    );
  };

  /** Returns the methods of a path, or undefined if it is unknown or `method` needs no file check. */
  private of(path: string, method: string): ReadonlySet<string> | undefined {
    // `OPTIONS *` asks about the server as a whole.
    if (path === '*') return SERVER_METHODS;
    this.tree ??= toTree(this.layers());
    const node = find(this.tree, toSegments(path), 0);
    if (node) return node.methods;
    const isRead = method === 'GET' || method === 'HEAD';
    return !isRead && this.isFile(path) ? FILE_METHODS : undefined;
  }

  private isFile(path: string): boolean {
    return this.folders.some(({ prefix, folder }) => {
      const name = path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : '';
      return (
        FILE_PATH.test(name) && statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() === true
      );
    });
  }
}

const ORDER = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const FILE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const SERVER_METHODS: ReadonlySet<string> = new Set([...ORDER, 'OPTIONS']);

function toTree(layers: readonly RouterLayer[]): Node {
  const root = emptyNode();
  for (const { route } of layers) {
    // Skips patterns beyond plain parameters, whose matching this tree does not implement.
    if (typeof route?.path !== 'string' || /[*{}()\\]/.test(route.path)) continue;
    let node = root;
    for (const segment of toSegments(route.path)) {
      if (segment.startsWith(':')) node = node.parameter ??= emptyNode();
      else {
        const name = segment.toLowerCase();
        const child = node.literals.get(name) ?? emptyNode();
        node.literals.set(name, child);
        node = child;
      }
    }
    const methods = route.methods._all
      ? ORDER
      : Object.keys(route.methods).map((method) => method.toUpperCase());
    // Conventional order: reads, writes, OPTIONS.
    const all = new Set([...node.methods, ...methods, ...(methods.includes('GET') ? ['HEAD'] : [])]);
    node.methods = new Set([...ORDER.filter((method) => all.has(method)), 'OPTIONS']);
  }
  return root;
}

function emptyNode(): Node {
  return { literals: new Map(), methods: new Set() };
}

/** Finds the most specific pattern: literal segments take precedence over parameters, from left to right. */
function find(node: Node, segments: readonly string[], at: number): Node | undefined {
  if (at === segments.length) return node.methods.size > 0 ? node : undefined;
  const segment = segments[at]!;
  const literal = node.literals.get(segment.toLowerCase());
  const found = literal && find(literal, segments, at + 1);
  if (found || !node.parameter || segment === '') return found;
  return find(node.parameter, segments, at + 1);
}

/** Splits like Express by default: ignores one trailing slash and letter case. */
function toSegments(path: string): string[] {
  return path.replace(/^\//, '').replace(/\/$/, '').split('/');
}
