import type { NextFunction, Request, Response } from 'express';

/** Escaped dot ids, see `idInPath`: `/tasks/~.` addresses the task `.`, `/tasks/~~.` the task `~.`. */
const ESCAPED = /^(\/(?:api\/v1\/)?tasks\/)~(~*)(\.\.?)(?=[/?]|$)/;

/** Removes the escape from ids that a path cannot contain directly. */
export function dotIds(req: Request, _res: Response, next: NextFunction): void {
  const [, before, escapes, dots] = ESCAPED.exec(req.url) ?? [];
  if (dots !== undefined) req.url = req.url.replace(ESCAPED, `${before}${escapes}${dots}`);
  next();
}
