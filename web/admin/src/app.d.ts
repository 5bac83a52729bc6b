declare global {
  namespace App {
    /** What pages keep in the browser's history, never in its addresses: it may be personal. */
    interface PageState {
      /** What was typed to find individuals. */
      search?: string;
    }
  }
}

export {};
