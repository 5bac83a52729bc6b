declare global {
  namespace App {
    /** What pages keep in the browser's history, never in their addresses: it may be personal. */
    interface PageState {
      /** Whose it is: the browser may be used by another worker next. */
      by?: string;
      /** What was typed to find individuals. */
      search?: string;
      /** What was typed to find accounts. */
      typed?: import('$lib/maintenance/criteria').Typed;
      /** The id of the individual who was opened from the list, to come back to. */
      opened?: string;
    }
  }
}

export {};
