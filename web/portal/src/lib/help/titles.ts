import * as m from '@clientconnect/messages';
import type { Article } from './articles';

/** Our own help articles, in the order in which they are listed, with their titles. */
export const TITLES: Record<Article, () => string> = {
  activate: m.help_title_activate,
  'sign-in': m.help_title_sign_in,
  password: m.help_title_password,
  home: m.help_title_home,
  'about-me': m.help_title_about_me,
  services: m.help_title_services,
  'request-service': m.help_title_request_service,
  account: m.help_title_account,
  'sign-in-email': m.help_title_sign_in_email,
  sessions: m.help_title_sessions,
  language: m.help_title_language,
  safety: m.help_title_safety,
  terms: m.help_title_terms,
  problems: m.help_title_problems,
};

export const isArticle = (name: string): name is Article => Object.hasOwn(TITLES, name);
