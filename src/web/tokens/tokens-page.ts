import { factsOf, type Permission } from '../../auth/permissions.js';
import type { TokenView } from '../../auth/auth.openapi.js';
import type { FormError } from '../kit/form-error.js';

/** Offered lifetimes of a token in days; empty for no expiry. */
const LIFETIMES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'a year' },
  { value: '', label: 'until it is revoked' },
];
const DEFAULT_LIFETIME = '90';

export interface TypedToken {
  name?: string;
  permissions: string[];
  days?: string;
}

export interface TokensPage {
  rows: TokenRow[];
  /** New token in full. */
  made?: { name: string; secret: string };
  /** False for a principal that is not a user: tokens belong to users. */
  canMake: boolean;
  offered: { name: Permission; what: string; ticked: boolean }[];
  lives: { value: string; label: string; selected: boolean }[];
  name?: string;
  trouble?: FormError;
}

interface TokenRow extends TokenView {
  isActive: boolean;
  words: string;
}

const STATE_WORDS: Record<TokenView['state'], string> = {
  active: 'active',
  expired: 'expired',
  powerless: 'its user has lost all of its permissions',
};

export function toTokensPage(
  tokens: TokenView[],
  offered: Permission[],
  given: { canMake: boolean; made?: TokensPage['made']; typed?: TypedToken; trouble?: FormError },
): TokensPage {
  const { canMake, made, typed, trouble } = given;
  const days = typed ? (typed.days ?? '') : DEFAULT_LIFETIME;
  return {
    rows: tokens.map((token) => ({
      ...token,
      isActive: token.state === 'active',
      words: STATE_WORDS[token.state],
    })),
    made,
    canMake,
    offered: offered.map((name) => ({
      name,
      what: factsOf(name).what,
      ticked: typed?.permissions.includes(name) ?? false,
    })),
    lives: LIFETIMES.map((life) => ({ ...life, selected: life.value === days })),
    name: typed?.name,
    trouble,
  };
}
