import { reads, writes } from '../operation.js';
import { ref } from '../schema.js';
/** Operations on logins, API tokens and the audit. */
export const ACCESS_PATHS: Record<string, object> = {
  '/api/v1/me': {
    get: reads({
      id: 'getMe',
      tag: 'Access',
      summary: 'Get the signed-in user and the permissions',
      description:
        'Returns the value that browsers must send as `X-CSRF-Token` with every write. Programs with an API token need none.',
      answers: { 200: { description: 'The signed-in user.', schema: ref('Me') } },
    }),
  },
  '/api/v1/sessions': {
    get: reads({
      id: 'listSessions',
      tag: 'Access',
      summary: 'List active logins',
      description:
        'Lists your own logins, or those of all users with the permission `users.manage`. API tokens are not included.',
      parameters: [
        {
          name: 'user',
          in: 'query',
          description: 'Only logins of this user.',
          schema: { type: 'string', minLength: 1, maxLength: 200 },
        },
      ],
      answers: { 200: { description: 'Newest first.', schema: ref('LoginList') } },
      errors: ['QUERY_INVALID', 'REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/sessions/end': {
    post: writes({
      id: 'endSessions',
      tag: 'Access',
      summary: 'Sign out everywhere',
      description:
        'Ends all of your own logins, or those of `user` with the permission `users.manage`, at once in every web process. API tokens remain valid.',
      body: {
        required: true,
        content: {
          'application/json': {
            schema: ref('EndLogins'),
            examples: { elsewhere: { value: { others: true } } },
          },
        },
      },
      answers: { 200: { description: 'They are over.', schema: ref('EndedLogins') } },
      errors: [
        'BODY_MALFORMED',
        'BODY_TOO_LARGE',
        'CONTENT_TYPE_UNSUPPORTED',
        'REQUEST_INVALID',
        'REDIS_UNAVAILABLE',
      ],
    }),
  },
  '/api/v1/sessions/{id}': {
    delete: writes({
      id: 'endSession',
      tag: 'Access',
      summary: 'End a login',
      description: 'Takes effect at once, in every web process.',
      parameters: [
        {
          name: 'id',
          in: 'path',
          required: true,
          description: 'Id of the login, from the list.',
          schema: { type: 'string' },
        },
      ],
      answers: { 204: { description: 'The login has ended.' } },
      errors: ['NOT_FOUND', 'SESSION_NOT_FOUND', 'REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/tokens': {
    get: reads({
      id: 'listTokens',
      tag: 'Access',
      summary: 'List API tokens',
      description:
        'Lists your own tokens, or those of all users with the permission `tokens.manage`. Never contains their secrets.',
      answers: { 200: { description: 'Newest first.', schema: ref('TokenList') } },
      errors: ['REDIS_UNAVAILABLE'],
    }),
    post: writes({
      id: 'makeToken',
      tag: 'Access',
      summary: 'Create an API token',
      description: 'Requires a signed-in user: an API token cannot create tokens.',
      body: {
        required: true,
        content: {
          'application/json': {
            schema: ref('TokenRequest'),
            examples: {
              deploy: {
                value: { name: 'deploy', permissions: ['tasks.read', 'tasks.submit'], expiresInDays: 90 },
              },
            },
          },
        },
      },
      answers: {
        201: {
          description: 'The token was created. `token` is returned only in this answer.',
          schema: ref('NewToken'),
          headers: { 'Cache-Control': { description: 'no-store', schema: { type: 'string' } } },
        },
      },
      errors: [
        'BODY_MALFORMED',
        'BODY_TOO_LARGE',
        'CONTENT_TYPE_UNSUPPORTED',
        'REQUEST_INVALID',
        'REDIS_UNAVAILABLE',
      ],
    }),
  },
  '/api/v1/tokens/{id}': {
    delete: writes({
      id: 'revokeToken',
      tag: 'Access',
      summary: 'Revoke an API token',
      description: 'Takes effect at once, in every web process.',
      parameters: [
        {
          name: 'id',
          in: 'path',
          required: true,
          description: 'Id of the token.',
          schema: { type: 'string' },
        },
      ],
      answers: { 204: { description: 'The token is revoked.' } },
      errors: ['NOT_FOUND', 'TOKEN_NOT_FOUND', 'REDIS_UNAVAILABLE'],
    }),
  },
};
