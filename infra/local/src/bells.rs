//! Wakes whoever waits for a stream or queue, so that nothing polls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// One bell for each name. A bell that rings while nobody listens is heard by the next who does.
#[derive(Debug, Default)]
pub(crate) struct Bells(Mutex<HashMap<String, Arc<Notify>>>);

impl Bells {
    /// The bell of this name.
    pub(crate) fn of(&self, name: &str) -> Arc<Notify> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(name.to_owned()).or_default())
    }

    /// Rings one.
    pub(crate) fn ring(&self, name: &str) {
        self.of(name).notify_one();
    }

    /// Rings all of them: the clock was moved, or the data file replaced.
    pub(crate) fn ring_all(&self) {
        for bell in self.0.lock().unwrap_or_else(PoisonError::into_inner).values() {
            bell.notify_one();
        }
    }
}
