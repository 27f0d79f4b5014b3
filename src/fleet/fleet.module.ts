import { Module } from '@nestjs/common';
import { FleetService } from './fleet.service.js';

/** Who works where; the web's side of it. */
@Module({ providers: [FleetService], exports: [FleetService] })
export class FleetModule {}
