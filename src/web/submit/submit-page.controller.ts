import { Body, Controller, Get, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { type SavedFormPage, SavedForms } from '../../auth/saved-forms.js';
import { RequirePermission } from '../../auth/require-permission.js';
import { withFlash } from '../kit/flash.js';
import type { Params } from '../kit/params.js';
import { SubmitPageService } from './submit-page.service.js';

/** Action of the forms up to version 0.2: a page that was opened before an upgrade still submits. */
const FORMER_PATH = '/';

@Controller()
@RequirePermission('tasks.read')
export class SubmitPageController {
  constructor(
    private readonly pages: SubmitPageService,
    savedForms: SavedForms,
  ) {
    const draw: SavedFormPage = async (fields, words) => {
      const page = await pages.refilled(fields, words);
      return page && { view: 'submit/show', page };
    };
    for (const path of ['/submit', FORMER_PATH]) savedForms.register(path, draw);
  }

  @Get('submit')
  async show(@Query() query: Params, @Res() response: Response): Promise<void> {
    const page = await this.pages.fresh(query);
    response.status(page.listKnown ? 200 : 503).render('submit/show', page);
  }

  @Post(['submit', FORMER_PATH])
  @RequirePermission('tasks.submit')
  async submit(@Body() form: Params, @Res() response: Response): Promise<void> {
    const answer = await this.pages.submit(form ?? {}, response.req);
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
