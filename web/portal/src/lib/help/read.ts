import type { Locale } from '@clientconnect/messages/runtime';
import { Problem } from '@clientconnect/api-client';
import { markdown } from '../markdown';
import type { Article } from './articles';

/** Where the build put each article's file. */
const FILES = import.meta.glob<string>('./*/*.md', {
  eager: true,
  query: '?url&no-inline',
  import: 'default',
});

/** Gets an article as HTML. Throws a `Problem` without a connection. */
export async function readArticle(article: Article, locale: Locale): Promise<string> {
  const answer = await fetch(FILES[`./${locale}/${article}.md`] ?? '').catch(() => undefined);
  if (!answer?.ok) throw new Problem('offline', 0);
  return markdown(await answer.text());
}
