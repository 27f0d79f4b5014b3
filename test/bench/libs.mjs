import { libsHttp } from './libs-http.mjs';
import { libsRedis } from './libs-redis.mjs';
import { INSTALL, lacks } from './support/other-libraries.mjs';

/** Whether another library under the same outside would reach what is missed. */
export const otherLibraries = {
  id: 'libs',
  title: 'other libraries under the same outside',
  weight: 3,
  apart: true,
  async run(context) {
    if (['@nestjs/platform-fastify', 'ioredis5', 'redis'].some(lacks))
      context.progress(`not all are installed; this would: ${INSTALL}`);
    return [...(await libsHttp(context)), ...(await libsRedis(context))];
  },
};
