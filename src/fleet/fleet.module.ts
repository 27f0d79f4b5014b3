import { Module } from '@nestjs/common';
import { FleetControl } from './fleet-control.js';
import { FleetService } from './fleet.service.js';

/** Who works where, and telling them what to do; the web's side of it. */
@Module({ providers: [FleetControl, FleetService], exports: [FleetControl, FleetService] })
export class FleetModule {}
