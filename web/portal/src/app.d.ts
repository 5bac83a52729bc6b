declare global {
  namespace App {
    interface PageState {
      /** Where a link to sign in came from. */
      from?: string;
    }
  }
}

export {};
