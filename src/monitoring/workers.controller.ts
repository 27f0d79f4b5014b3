import { Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Needs } from '../access/needs.js';
import { actor } from '../access/visitor.js';
import { RoostError } from '../contract/errors.js';
import {
  FleetService,
  type FleetAnswer,
  type WorkerDetail,
  type WorkerView,
} from '../fleet/fleet.service.js';
import { requireParsedBody, requireParsedBodyIfAny } from '../http/body-parsers.js';
import { parseCommandArgs, parseCommandName } from '../fleet/parse-command.js';

/** Workers over REST: who is there, and telling them what to do. */
@Controller('api/v1/workers')
@Needs('workers.control')
export class WorkersController {
  constructor(private readonly fleet: FleetService) {}

  @Get()
  @Needs('tasks.read')
  async list(): Promise<{ items: WorkerView[] }> {
    return { items: await this.fleet.list() };
  }

  @Get(':id')
  @Needs('tasks.read')
  get(@Param('id') id: string): Promise<WorkerDetail> {
    return this.fleet.get(id);
  }

  @Get(':id/samples')
  @Needs('tasks.read')
  async samples(@Param('id') id: string) {
    return { items: await this.fleet.samples(id) };
  }

  /** One command to several: `{ids: [...]}` or `{ids: "all"}`, each one's own answer. */
  @Post('commands/:command')
  @HttpCode(200)
  async many(@Param('command') command: string, @Req() req: Request): Promise<{ items: FleetAnswer[] }> {
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
        parseCommandArgs(name, args),
        actor('api'),
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
      result: await this.fleet.command(id, name, parseCommandArgs(name, req.body), actor('api')),
    };
  }

  /** Takes a worker that is gone off the list. */
  @Delete(':id')
  @HttpCode(204)
  dismiss(@Param('id') id: string): Promise<void> {
    return this.fleet.dismiss(id);
  }
}
