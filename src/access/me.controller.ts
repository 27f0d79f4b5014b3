import { Controller, Get, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Settings } from '../config/settings.js';
import { SignedIn } from './needs.js';
import { factsOf, type Permission } from './permissions.js';
import { NOBODY, type Via } from './visitor.js';

export interface Me {
  name: string;
  role: string | null;
  via: Via;
  /** What one may do now, also by READ_ONLY. */
  permissions: Permission[];
  readOnly: boolean;
  /** For writes with the cookie of a login, as the header X-CSRF-Token. */
  csrfToken: string | null;
}

@Controller('api/v1/me')
@SignedIn()
export class MeController {
  constructor(private readonly settings: Settings) {}

  @Get()
  show(@Req() { visitor = NOBODY }: Request): Me {
    const { name, role = null, via, permissions, csrf = null } = visitor;
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
