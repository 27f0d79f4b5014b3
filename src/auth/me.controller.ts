import { Controller, Get, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Settings } from '../platform/config/settings.js';
import { SignedIn } from './require-permission.js';
import { factsOf, type Permission } from './permissions.js';
import { ANONYMOUS, type Via } from './principal.js';

export interface Me {
  name: string;
  role: string | null;
  via: Via;
  /** Effective permissions, limited by READ_ONLY. */
  permissions: Permission[];
  readOnly: boolean;
  /** Required as the header X-CSRF-Token for writes with a session cookie. */
  csrfToken: string | null;
}

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
      via,
      permissions: [...permissions].filter((permission) => !readOnly || !factsOf(permission).writes),
      readOnly,
      csrfToken: csrf,
    };
  }
}
