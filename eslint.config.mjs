// A small set of rules, each for a fault that types and formatting do not catch.
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

const environmentOnlyInConfig = {
  object: 'process',
  property: 'env',
  message: 'The environment is read in src/platform/config alone, where it is checked: inject Settings.',
};

const endsOnlyByLeave = {
  object: 'process',
  property: 'exit',
  message: 'Use leave() of src/platform/process-exit.ts: any other end counts as a crash.',
};

const jobsOnlyWhereTheyRun = {
  name: 'bullmq',
  importNames: ['Job'],
  message: "A Job's fields are read in src/bullmq and src/worker alone: others get a TaskView.",
};

/** A pattern that is put together may be put together by whoever sends the request, and never end. */
const patternsAreWritten = {
  selector: ":matches(NewExpression, CallExpression)[callee.name='RegExp'][arguments.0.type!='Literal']",
  message: 'What people type never becomes a RegExp: write the pattern, or compare text.',
};

const processorsOnlyInWorkers = {
  selector: "Decorator[expression.callee.name='Processor']",
  message: '@Processor belongs into src/worker: elsewhere it would run tasks in the web app.',
};

/** Node 20 may collect such a signal before its time, and then it never fires: nodejs/node#57736. */
const timersAreHeld = {
  selector:
    "MemberExpression[object.name='AbortSignal']:matches([property.name=/^(any|timeout)$/], [property.value=/^(any|timeout)$/])",
  message:
    'On Node 20 the garbage collector takes these signals, which then never fire: use setTimeout, and an AbortController that something holds.',
};

/**
 * Comments name their subject first. A clause such as "Those of which ..." hides it. docs/glossary.md has the words.
 */
const HIDDEN_SUBJECT = /^[\s*]*(What|Who|Whoever|Whose|Whom|Of|Those|Told|One that)\b/;

const plainComments = {
  create(context) {
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) {
          const first = HIDDEN_SUBJECT.exec(comment.value);
          if (first)
            context.report({
              loc: comment.loc,
              message: `A comment begins with a noun or a verb ("Returns ..."), not with "${first[1]}".`,
            });
        }
      },
    };
  },
};

/** Ends of the names of values that begin a key. */
const KEY_BEGINNING = /(prefix|base|key)$/i;

function nameOf(node) {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'MemberExpression') return nameOf(node.property);
  if (node.type === 'CallExpression') return nameOf(node.callee);
  if (node.type === 'TSNonNullExpression') return nameOf(node.expression);
  return '';
}

/** Reports keys put together outside src/bullmq/keys.ts: a prefix, base or key with text behind it, or `toKey`. */
const keysInOneFile = {
  create(context) {
    const message = 'Redis keys are built in src/bullmq/keys.ts alone: add a function there.';
    const startsKey = (node) => node != null && KEY_BEGINNING.test(nameOf(node));
    return {
      TemplateLiteral({ expressions, quasis: [first, second] }) {
        if (
          first.value.raw === '' &&
          startsKey(expressions[0]) &&
          /^(:|\w)/.test(second.value.raw || (expressions[1] ? ':' : ''))
        )
          context.report({ node: expressions[0], message });
      },
      BinaryExpression({ operator, left }) {
        if (operator === '+' && startsKey(left)) context.report({ node: left, message });
      },
      CallExpression(node) {
        const { callee } = node;
        if (callee.type !== 'MemberExpression') return;
        const { object, property } = callee;
        const joinsKey =
          property.name === 'join' && object.type === 'ArrayExpression' && startsKey(object.elements[0]);
        if (property.name === 'toKey' || joinsKey) context.report({ node, message });
      },
    };
  },
};

const unused = { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true };

export default tseslint.config(
  { ignores: ['dist/', 'data/', 'coverage/', '.cache/', 'logs/'] },
  {
    files: ['**/*.ts'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { project: ['tsconfig.test.json'], tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // A promise nobody waits for swallows its error; `void` says that this is meant.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
      // A rejected promise returned from `try` escapes its `catch`.
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', unused],
      // With isolatedModules a type imported as a value is a run-time import, and may be a cycle.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-constant-binary-expression': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': ['error', environmentOnlyInConfig, endsOnlyByLeave],
      'no-restricted-syntax': ['error', processorsOnlyInWorkers, patternsAreWritten, timersAreHeld],
      '@typescript-eslint/no-restricted-imports': ['error', { paths: [jobsOnlyWhereTheyRun] }],
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { roost: { rules: { 'plain-comments': plainComments, 'keys-in-one-file': keysInOneFile } } },
    rules: { 'roost/plain-comments': 'error', 'roost/keys-in-one-file': 'error' },
  },
  { files: ['src/bullmq/keys.ts'], rules: { 'roost/keys-in-one-file': 'off' } },
  // It encodes commands: what looks like parts of a key are parts of the protocol.
  {
    files: ['src/bullmq/patches/completion-script.ts'],
    rules: { 'roost/keys-in-one-file': 'off' },
  },
  { files: ['src/platform/process-exit.ts'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['src/platform/config/**/*.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['src/worker/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', patternsAreWritten, timersAreHeld],
      '@typescript-eslint/no-restricted-imports': 'off',
    },
  },
  { files: ['src/bullmq/**/*.ts'], rules: { '@typescript-eslint/no-restricted-imports': 'off' } },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      'no-unused-vars': ['error', unused],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'prefer-const': 'error',
    },
  },
  {
    // Text that is long on purpose may not keep the process from everybody else.
    files: ['src/**/*.ts', 'scripts/**/*.mjs', 'views/assets/**/*.js'],
    plugins: { regexp },
    rules: { 'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }] },
  },
  {
    files: ['src/**/*.ts', 'views/assets/**/*.js'],
    rules: { 'regexp/no-super-linear-move': ['error', { ignorePartial: false }] },
  },
  { files: ['scripts/**/*.mjs'], rules: { 'no-restricted-syntax': ['error', timersAreHeld] } },
  // Read by Nodes that are too old for everything else.
  { files: ['scripts/node-version.mjs'], rules: { 'prefer-const': 'off' } },
);
