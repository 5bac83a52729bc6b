/**
 * Markdown as HTML: tags in it show as text, and links lead nowhere but to pages and mail. The page has its own
 * heading, so a first one is left out and others step down.
 */
export async function markdown(source: string): Promise<string> {
  const { micromark } = await import('micromark');
  const body = source.replace(/^\s*# .*\n/, '');
  return micromark(body).replaceAll(/<(\/?)h1>/g, '<$1h2>');
}
