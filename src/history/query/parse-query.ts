import { parseTerm } from './parse-term.js';
import type { Query, QueryNode, Sort } from './query-ast.js';
import { QuerySyntaxError } from './query-syntax-error.js';
import { tokenize, type Token } from './tokens.js';

export const MAX_TERMS = 128;
/** Maximum nesting of parentheses and NOTs; it also bounds the parser's own stack. */
export const MAX_DEPTH = 16;

/**
 * Parses a query. NOT binds tighter than AND, AND tighter than OR; adjacent terms are joined by AND.
 * @throws QuerySyntaxError for any invalid text, and no other error.
 */
export function parseQuery(text: string): Query {
  return new Parser(tokenize(text)).query();
}

class Parser {
  private at = 0;
  private terms = 0;
  private sort: Sort | null = null;

  constructor(private readonly tokens: Token[]) {}

  query(): Query {
    const filter = this.peek().kind === 'end' ? null : this.or(0, true);
    const rest = this.peek();
    if (rest.kind === ')')
      throw new QuerySyntaxError('This ) closes nothing: remove it, or add a ( before.', rest.from, rest.to);
    return { filter: filter ?? null, sort: this.sort };
  }

  /** Undefined when there is nothing but a sort order. */
  private or(depth: number, outermost: boolean): QueryNode | undefined {
    const first = this.and(depth, outermost);
    if (this.peek().kind !== 'or') return first;
    const nodes: QueryNode[] = [];
    this.join('or', nodes, first);
    while (this.peek().kind === 'or') {
      const { from, to } = this.next();
      if (first === undefined) throw new QuerySyntaxError('sort: cannot be one side of an OR.', from, to);
      const node = this.and(depth, false);
      this.join('or', nodes, node);
    }
    return nodes.length === 1 ? nodes[0] : { kind: 'or', nodes };
  }

  private and(depth: number, outermost: boolean): QueryNode | undefined {
    const nodes: QueryNode[] = [];
    this.join('and', nodes, this.not(depth, outermost));
    for (;;) {
      const { kind } = this.peek();
      if (kind === 'end' || kind === ')' || kind === 'or') break;
      if (kind === 'and') this.next();
      this.join('and', nodes, this.not(depth, outermost));
    }
    return nodes.length > 1 ? { kind: 'and', nodes } : nodes[0];
  }

  /** Flattens nested nodes of the same kind, so that equal queries have equal trees. */
  private join(kind: 'and' | 'or', nodes: QueryNode[], node: QueryNode | undefined): void {
    if (node?.kind === kind) nodes.push(...node.nodes);
    else if (node) nodes.push(node);
  }

  private not(depth: number, outermost: boolean): QueryNode | undefined {
    const token = this.peek();
    if (token.kind !== 'not') return this.primary(depth, outermost);
    this.next();
    this.checkDepth(depth + 1, token);
    const node = this.not(depth + 1, false)!;
    return node.kind === 'not' ? node.node : { kind: 'not', node };
  }

  private primary(depth: number, outermost: boolean): QueryNode | undefined {
    const token = this.next();
    if (token.kind === '(') {
      this.checkDepth(depth + 1, token);
      if (this.peek().kind === ')')
        throw new QuerySyntaxError('There is nothing between these parentheses.', token.from, this.peek().to);
      const node = this.or(depth + 1, false);
      const close = this.next();
      if (close.kind !== ')')
        throw new QuerySyntaxError(
          'This ( is never closed: add a ) where the group ends.',
          token.from,
          token.to,
        );
      return node;
    }
    if (token.kind !== 'term') throw this.misplaced(token);
    if (++this.terms > MAX_TERMS) {
      throw new QuerySyntaxError(`A query has at most ${MAX_TERMS} terms.`, token.from, token.to);
    }
    const term = parseTerm(token);
    if (term.kind !== 'sort') return term;
    if (!outermost)
      throw new QuerySyntaxError(
        'sort: stands beside the search, not inside NOT, OR or parentheses.',
        token.from,
        token.to,
      );
    if (this.sort) throw new QuerySyntaxError('There can be only one sort:.', token.from, token.to);
    this.sort = term.sort;
    return undefined;
  }

  private misplaced({ kind, from, to }: Token): QuerySyntaxError {
    if (kind === 'end') {
      const place = this.tokens[this.at - 1] ?? { from, to };
      return new QuerySyntaxError(
        'Something is missing after this: a term such as state:failed.',
        place.from,
        place.to,
      );
    }
    if (kind === ')')
      return new QuerySyntaxError('A term is missing before this ), or a ( further before.', from, to);
    const word = kind.toUpperCase();
    return new QuerySyntaxError(
      `${word} needs a term on both sides; to search for the word itself write "${word}".`,
      from,
      to,
    );
  }

  private checkDepth(depth: number, token: Token): void {
    if (depth > MAX_DEPTH) {
      throw new QuerySyntaxError(
        `Groups and NOTs can be nested at most ${MAX_DEPTH} deep.`,
        token.from,
        token.to,
      );
    }
  }

  private peek(): Token {
    return this.tokens[this.at]!;
  }

  /** Returns the last token, `end`, repeatedly. */
  private next(): Token {
    const token = this.tokens[this.at]!;
    this.at++;
    if (this.at >= this.tokens.length) this.at = this.tokens.length - 1;
    return token;
  }
}
