/** Our own help articles, by the names that addresses have for them. */
export type Article =
  | 'activate'
  | 'sign-in'
  | 'password'
  | 'home'
  | 'about-me'
  | 'services'
  | 'request-service'
  | 'account'
  | 'sign-in-email'
  | 'sessions'
  | 'language'
  | 'safety'
  | 'terms'
  | 'problems';

/** The article about each page, by its route without groups; a page of help needs none. */
export const ARTICLE_OF: Record<string, Article | undefined> = {
  '/': 'home',
  '/sign-in': 'sign-in',
  '/forgotten': 'sign-in',
  '/activate': 'activate',
  '/reset': 'password',
  '/signed-out': 'safety',
  '/about-me': 'about-me',
  '/about-me/edit': 'about-me',
  '/about-me/contacts/new': 'about-me',
  '/about-me/contacts/[contact]': 'about-me',
  '/services': 'services',
  '/services/request': 'request-service',
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
