import { Module } from '@nestjs/common';
import { LimitsController } from './limits.controller.js';
import { LimitsService } from './limits.service.js';

/** Web app's side of the limits of task types. A worker registers only `Limits`. */
@Module({ controllers: [LimitsController], providers: [LimitsService], exports: [LimitsService] })
export class LimitsModule {}
