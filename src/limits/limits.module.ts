import { Module } from '@nestjs/common';
import { LimitsController } from './limits.controller.js';
import { LimitsService } from './limits.service.js';

/** Limits of task types at run time; the web's side. A worker registers `Limits` alone. */
@Module({ controllers: [LimitsController], providers: [LimitsService], exports: [LimitsService] })
export class LimitsModule {}
