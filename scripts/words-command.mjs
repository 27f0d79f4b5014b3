// Finds words that Roost does not use: in names and comments of the code, in texts of the pages, and in the documents.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { inRoot } from './project.mjs';
import {
  ALLOWED_NAMES,
  ALLOWED_PHRASES,
  HIDDEN_SUBJECT,
  RETIRED_NAMES,
  RETIRED_PARTS,
  RETIRED_PHRASES,
} from './words-rules.mjs';

const CODE = ['src', 'scripts', 'views/assets'];
/** Only the beginnings of comments are checked: names and titles of tests are being reworded. */
const TESTS = ['test'];
const TEXTS = ['views', 'docs'];
const DOCUMENTS = [
  'README.md',
  'CHANGELOG.md',
  'UPGRADING.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  '.env.example',
];
/** The rules themselves name the words. */
const RULES = 'scripts/words-rules.mjs';

/** Returns `{ file, line, found, plain }` for each retired word, sorted by file and line. */
export async function findRetiredWords() {
  const { default: ts } = await import('typescript');
  const codeIn = (folders) => folders.flatMap(filesIn).filter((file) => /\.(ts|mjs|js)$/.test(file));
  const code = codeIn(CODE).filter((file) => file !== RULES);
  const texts = [...TEXTS.flatMap(filesIn).filter((file) => /\.(hbs|md)$/.test(file)), ...DOCUMENTS];
  const read = (file) => readFileSync(inRoot(file), 'utf8');
  return [
    ...code.flatMap((file) => inCode(ts, file, read(file))),
    ...codeIn(TESTS).flatMap((file) => inTests(file, read(file))),
    ...texts.flatMap((file) => inText(file, read(file))),
  ];
}

export async function main() {
  const all = await findRetiredWords();
  for (const { file, line, found, plain } of all)
    process.stdout.write(`${file}:${line} ${found} (plain: ${plain})\n`);
  process.exitCode = all.length > 0 ? 1 : 0;
}

/** Exported for the tests. */
export function inCode(ts, file, text) {
  const language = {
    languageVersion: ts.ScriptTarget.Latest,
    jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
  };
  const source = ts.createSourceFile(file, text, language, true);
  const lineOf = (position) => source.getLineAndCharacterOfPosition(position).line + 1;
  const found = [];
  const literals = [];
  const visit = (node) => {
    if (isLiteral(ts, node)) literals.push(node);
    if (isDeclaredName(ts, node)) {
      const plain = plainName(node.text.replace('#', ''), file);
      if (plain) found.push({ file, line: lineOf(node.getStart()), found: `the name ${node.text}`, plain });
    } else if (isShownText(ts, node)) found.push(...inPhrases(file, node.text, lineOf(node.getStart())));
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const { comment, start } of commentsBeside(literals, text)) {
    found.push(...hiddenSubject(file, comment, lineOf(start)));
    found.push(...inPhrases(file, comment, lineOf(start)));
  }
  return found.sort((a, b) => a.line - b.line);
}

/** Checks the comments that begin a line. */
function inTests(file, text) {
  const comments = text.matchAll(/(?<=^[ \t]*)\/(?:\*[^]*?\*\/|\/.*)/gm);
  return [...comments].flatMap(({ 0: comment, index }) =>
    hiddenSubject(file, comment, text.slice(0, index).split('\n').length),
  );
}

function hiddenSubject(file, comment, line) {
  const hidden = HIDDEN_SUBJECT.exec(comment.replace(/^\/[/*]+/, ''));
  return hidden
    ? [{ file, line, found: `"${hidden[1]} ..." begins a comment`, plain: 'a noun or a verb' }]
    : [];
}

/** A token that may hold what looks like a comment. */
function isLiteral(ts, node) {
  return (
    ts.isStringLiteralLike(node) ||
    ts.isRegularExpressionLiteral(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddleOrTemplateTail(node)
  );
}

/** Literals come in the order of the text. Asking the compiler for the comments around each token takes ten times as long. */
function* commentsBeside(literals, text) {
  const comments = /\/\*[^]*?\*\/|\/\/.*/g;
  let next = 0;
  for (let match = comments.exec(text); match; match = comments.exec(text)) {
    while (next < literals.length && literals[next].end <= match.index) next++;
    const literal = literals[next];
    if (literal && literal.getStart() <= match.index) comments.lastIndex = literal.end;
    else yield { comment: match[0], start: match.index };
  }
}

/** Uses of a name count with its declaration. */
function isDeclaredName(ts, node) {
  return (
    (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) &&
    node.parent.name === node &&
    !ts.isPropertyAccessExpression(node.parent)
  );
}

/** Returns the plain name, or undefined where this one may stay. */
function plainName(name, file) {
  if (ALLOWED_NAMES.some((one) => one.name === name && (!one.in || one.in.test(file)))) return undefined;
  if (RETIRED_NAMES.has(name)) return RETIRED_NAMES.get(name);
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[ _]/)
    .map((word) => word.toLowerCase());
  for (const [i, word] of words.entries())
    for (const { part, plain } of RETIRED_PARTS)
      if (part.test(word) || part.test(`${word} ${words[i + 1] ?? ''}`)) return plain;
  return undefined;
}

/** Sentences only: keys, codes and paths have no blanks. */
function isShownText(ts, node) {
  const isText =
    ts.isStringLiteralLike(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddle(node) ||
    ts.isTemplateTail(node);
  return isText && node.text.trim().includes(' ');
}

/** Exported for the tests. Blanks out expressions, tags and code, so that lines keep their numbers. */
export function inText(file, text) {
  const blank = (part) => part.replaceAll(/[^\n]/g, ' ');
  const shown = file.endsWith('.hbs')
    ? text.replaceAll(/\{\{[^]*?\}\}/g, blank).replaceAll(/<[^>]*>/g, blank)
    : text.replaceAll(/^```[^]*?^```$/gm, blank).replaceAll(/`[^`\n]*`/g, blank);
  return inPhrases(file, shown, 1);
}

function inPhrases(file, text, firstLine) {
  const allowed = ALLOWED_PHRASES.filter((one) => !one.in || one.in.test(file));
  return text.split('\n').flatMap((line, i) => {
    if (!RETIRED_PHRASES.some(({ phrase }) => phrase.test(line))) return [];
    const rest = allowed.reduce((left, { phrase }) => left.replace(phrase, ''), line);
    return RETIRED_PHRASES.flatMap(({ phrase, plain }) => {
      const match = phrase.exec(rest);
      return match
        ? [{ file, line: firstLine + i, found: `"${match[0]}" in: ${rest.trim().slice(0, 160)}`, plain }]
        : [];
    });
  });
}

function filesIn(folder) {
  return readdirSync(inRoot(folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name}`.replaceAll('\\', '/'))
    .filter((file) => statSync(inRoot(file)).isFile())
    .sort();
}
