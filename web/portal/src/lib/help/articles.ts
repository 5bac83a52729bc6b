import * as m from '@clientconnect/messages';

/** Our own help articles, in the order in which they are listed, with their titles. */
export const ARTICLES = {
  activate: m.help_title_activate,
  'sign-in': m.help_title_sign_in,
  password: m.help_title_password,
  home: m.help_title_home,
  account: m.help_title_account,
  'sign-in-email': m.help_title_sign_in_email,
  sessions: m.help_title_sessions,
  language: m.help_title_language,
  safety: m.help_title_safety,
  terms: m.help_title_terms,
  problems: m.help_title_problems,
};

export type Article = keyof typeof ARTICLES;

export const isArticle = (name: string): name is Article => Object.hasOwn(ARTICLES, name);

/** The article about each page, by its route without groups; a page of help needs none. */
export const ARTICLE_OF: Record<string, Article | undefined> = {
  '/': 'home',
  '/sign-in': 'sign-in',
  '/forgotten': 'sign-in',
  '/activate': 'activate',
  '/reset': 'password',
  '/signed-out': 'safety',
  '/account': 'account',
  '/account/email': 'sign-in-email',
  '/account/password': 'password',
  '/account/sessions': 'sessions',
  '/privacy': 'terms',
  '/terms': 'terms',
  '/help': undefined,
  '/help/[article]': undefined,
};

/** Where the page's help link leads: to the agency's own help if there is one, else to our article. */
export function helpFor(route: string | null, own: string | null | undefined): string {
  if (own) return own;
  const article = route === null ? 'problems' : ARTICLE_OF[withoutGroups(route)];
  return article ? `/help/${article}` : '/help';
}

/** A route as its address shows it: `/(in)/account` is `/account`. */
export const withoutGroups = (route: string): string => route.replace(/\/\([^)]*\)/g, '') || '/';
