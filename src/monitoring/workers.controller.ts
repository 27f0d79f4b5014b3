import { Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { RequirePermission } from '../auth/require-permission.js';
import { actor } from '../auth/principal.js';
import { RoostError } from '../model/errors.js';
import { WorkersService } from '../workers/workers.service.js';
import type { WorkerReply, WorkerDetail, WorkerView } from '../workers/workers.openapi.js';
import { requireParsedBody, requireParsedBodyIfAny } from '../http/body-parsers.js';
import { parseCommandArgs, parseCommandName } from '../workers/parse-command.js';
import { Queues } from '../bullmq/shared-queues.js';

/** REST endpoints that list workers and send them commands. */
@Controller('api/v1/workers')
@RequirePermission('workers.control')
export class WorkersController {
  constructor(
    private readonly fleet: WorkersService,
    private readonly queues: Queues,
  ) {}

  @Get()
  @RequirePermission('tasks.read')
  async list(): Promise<{ items: WorkerView[] }> {
    return { items: await this.fleet.list() };
  }

  @Get(':id')
  @RequirePermission('tasks.read')
  get(@Param('id') id: string): Promise<WorkerDetail> {
    return this.fleet.get(id);
  }

  @Get(':id/samples')
  @RequirePermission('tasks.read')
  async samples(@Param('id') id: string) {
    return { items: await this.fleet.samples(id) };
  }

  /** Sends one command to several workers: `{ids: [...]}` or `{ids: "all"}`. Returns the answer of each. */
  @Post('commands/:command')
  @HttpCode(200)
  async many(@Param('command') command: string, @Req() req: Request): Promise<{ items: WorkerReply[] }> {
    const name = parseCommandName(command);
    requireParsedBody(req, 'application/json');
    const { ids, ...args } = (req.body ?? {}) as { ids?: unknown };
    const chosen =
      ids === 'all' || (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) ? ids : undefined;
    if (chosen === undefined) {
      const message = 'must be "all" or a list of worker ids';
      throw new RoostError('REQUEST_INVALID', `ids ${message}`, [{ path: 'ids', message }]);
    }
    return {
      items: await this.fleet.commandMany(
        chosen as 'all' | string[],
        name,
        parseCommandArgs(name, args, this.queues.names()),
        actor(req, 'api'),
      ),
    };
  }

  @Post(':id/:command')
  @HttpCode(200)
  async command(@Param('id') id: string, @Param('command') command: string, @Req() req: Request) {
    const name = parseCommandName(command);
    requireParsedBodyIfAny(req, 'application/json');
    return {
      ok: true,
      command: name,
      result: await this.fleet.command(
        id,
        name,
        parseCommandArgs(name, req.body, this.queues.names()),
        actor(req, 'api'),
      ),
    };
  }

  /** Removes an offline worker from the list. */
  @Delete(':id')
  @HttpCode(204)
  dismiss(@Param('id') id: string): Promise<void> {
    return this.fleet.dismiss(id);
  }
}
