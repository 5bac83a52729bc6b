import { error } from '@sveltejs/kit';
import { isArticle } from '$lib/help/titles';
import type { PageLoad } from './$types';

export const load: PageLoad = ({ params: { article } }) => {
  if (!isArticle(article)) error(404);
  return { article };
};
