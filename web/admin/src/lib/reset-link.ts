/** The page that the link in a reset mail opens. */
const PAGE = '/reset';

let kept: string | undefined;

/** Takes the link's secret out of the address, so that neither history nor anything else on the page has it. */
export function takeToken(): void {
  if (location.pathname !== PAGE || !location.hash) return;
  kept = location.hash.slice(1);
  history.replaceState(history.state, '', PAGE);
}

/** The secret of the link that was opened last. */
export const token = (): string | undefined => kept;
