declare global {
  namespace App {
    interface PageState {
      /** Where a link to sign in came from. */
      from?: string;
      /** How far an activation is, so that the browser's Back leads to the step before. */
      step?: number;
      /** What the page before has just done, for this one to say. */
      done?: 'profile_saved' | 'contact_saved' | 'contact_removed' | 'service_requested';
    }
  }
}

export {};
