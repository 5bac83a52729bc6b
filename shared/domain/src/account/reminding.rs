//! Before an invitation ends: the client is reminded once, and a worker sees that it ends soon.

use chrono::{DateTime, Utc};

use super::{Account, Context, State};
use crate::alert::{AlertKind, EXPIRING};
use crate::journal::JournalEvent;

/// What was due before an invitation ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminded {
    /// The account, on which it isn't due any more.
    pub account: Account,
    /// The reminder, or that it must not go out; none when it wasn't due, or is switched off.
    pub event: Option<JournalEvent>,
}

impl Account {
    /// The next instant at which a job has something to do with it: remind, alert, expire.
    #[must_use]
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        let State::Pending { expires_at, remind_at, .. } = self.state else { return None };
        let alerted = self.alerts.contains_key(&AlertKind::Expiring);
        let alert_at = (!alerted).then_some(expires_at - EXPIRING);
        [remind_at, alert_at, Some(expires_at)].into_iter().flatten().min()
    }

    /// Does what is due before the invitation ends: nothing if that is nothing, or its end has come. The reminder carries
    /// the link that the client has. What may not go out now never does (C1).
    #[must_use]
    pub fn remind(&self, context: Context<'_>) -> Option<Reminded> {
        let Context { individual, settings, now, mail } = context;
        let mut account = self.clone();
        let State::Pending { expires_at, remind_at, .. } = &mut account.state else { return None };
        if *expires_at <= now || self.due_at()? > now {
            return None;
        }
        let expiring = *expires_at - EXPIRING <= now;
        let remind = remind_at.take_if(|due| *due <= now).is_some() && settings.general.reminder_days > 0;
        if expiring {
            account = account.raising(AlertKind::Expiring, now);
        }
        let generation = self.generation;
        let event = remind.then(|| match self.check_link(individual, settings, now, generation) {
            Ok(()) => event!(ActivationReminderRequested of self, mail, generation),
            Err(refused) => {
                let reason = refused.reason;
                event!(ActivationWithheld of self, reason)
            }
        });
        Some(Reminded { account, event })
    }
}
