import { Body, Controller, Get, Post, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Needs } from '../access/needs.js';
import { withFlash } from './page-models/flash.js';
import type { Params } from './params.js';
import { SubmitPageService } from './submit-page.service.js';

@ApiExcludeController()
@Controller()
@Needs('tasks.read')
export class SubmitPageController {
  constructor(private readonly pages: SubmitPageService) {}

  @Get()
  async show(@Query() query: Params, @Res() response: Response): Promise<void> {
    const page = await this.pages.fresh(query);
    response.status(page.listKnown ? 200 : 503).render('submit/show', page);
  }

  @Post()
  @Needs('tasks.submit')
  async submit(@Body() form: Params, @Res() response: Response): Promise<void> {
    const answer = await this.pages.submit(form ?? {});
    if ('redirectTo' in answer) {
      response.redirect(
        303,
        withFlash(answer.redirectTo, answer.created ? 'submitted' : 'already-submitted'),
      );
    } else {
      response.status(answer.status).render('submit/show', answer.page);
    }
  }
}
