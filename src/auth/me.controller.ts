import { Controller, Get, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Settings } from '../platform/config/settings.js';
import { SignedIn } from './require-permission.js';
import { factsOf } from './permissions.js';
import { ANONYMOUS } from './principal.js';
import type { Me } from './auth.openapi.js';

@Controller('api/v1/me')
@SignedIn()
export class MeController {
  constructor(private readonly settings: Settings) {}

  @Get()
  show(@Req() { principal = ANONYMOUS }: Request): Me {
    const { name, role = null, via, permissions, csrf = null } = principal;
    const readOnly = this.settings.READ_ONLY;
    return {
      name,
      role,
      // Nobody else passes @SignedIn.
      via: via as Me['via'],
      permissions: [...permissions].filter((permission) => !readOnly || !factsOf(permission).writes),
      readOnly,
      csrfToken: csrf,
    };
  }
}
