import { factsOf, type Permission } from '../../access/permissions.js';
import type { TokenView } from '../../access/tokens.service.js';
import type { Trouble } from './trouble.js';

/** What one may choose between for the life of a token, days; empty: no end. */
const LIVES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'a year' },
  { value: '', label: 'until it is revoked' },
];
const USUAL_LIFE = '90';

export interface TypedToken {
  name?: string;
  permissions: string[];
  days?: string;
}

export interface TokensPage {
  rows: TokenRow[];
  /** The one just made, whole. */
  made?: { name: string; secret: string };
  /** Tokens belong to people. */
  canMake: boolean;
  offered: { name: Permission; what: string; ticked: boolean }[];
  lives: { value: string; label: string; selected: boolean }[];
  name?: string;
  trouble?: Trouble;
}

interface TokenRow extends TokenView {
  isActive: boolean;
  words: string;
}

const STATE_WORDS: Record<TokenView['state'], string> = {
  active: 'active',
  expired: 'expired',
  powerless: 'of somebody who may do none of it any more',
};

export function toTokensPage(
  tokens: TokenView[],
  offered: Permission[],
  given: { canMake: boolean; made?: TokensPage['made']; typed?: TypedToken; trouble?: Trouble },
): TokensPage {
  const { canMake, made, typed, trouble } = given;
  const days = typed ? (typed.days ?? '') : USUAL_LIFE;
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
    lives: LIVES.map((life) => ({ ...life, selected: life.value === days })),
    name: typed?.name,
    trouble,
  };
}
