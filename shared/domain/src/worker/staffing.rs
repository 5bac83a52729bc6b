//! Who works at the agency: invited, edited, deactivated and reactivated by System Administrators. Nobody deactivates
//! themselves or changes their own group, so that a System Administrator always remains.

use chrono::{DateTime, TimeDelta, Utc};

use super::{ChangedWorker, UserGroup, Worker, WorkerReason, WorkerRefused, WorkerState};
use crate::account::{Action, Credentials, Rule};
use crate::email::EmailAddress;
use crate::id::{ClassId, MailId, SiteId, WorkerId};
use crate::journal::{FieldName, JournalEvent};
use crate::language::Language;
use crate::name::PersonName;

/// How long the link in an invitation lives.
pub const INVITATION_DAYS: i64 = 7;

const INVITED: WorkerState = WorkerState::Active { failed_sign_ins: 0, must_reset: true };

/// What a System Administrator writes of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerProfile {
    /// Their name.
    pub name: PersonName,
    /// What clients see instead of the name.
    pub client_facing_name: Option<String>,
    /// What clients read about them.
    pub description: Option<String>,
    /// What they may do at most.
    pub user_group: UserGroup,
    /// What of that is taken away.
    pub security_class: ClassId,
    /// Where they work.
    pub site: SiteId,
    /// What they read.
    pub language: Language,
}

/// A worker who was edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedWorker {
    /// As they are now.
    pub worker: Worker,
    /// What of them changed.
    pub changed: Vec<FieldName>,
    /// What it means to others.
    pub events: Vec<JournalEvent>,
}

impl Worker {
    /// Somebody new, who chooses their password by the link of the invitation.
    #[must_use]
    pub fn hire(
        id: WorkerId,
        email: EmailAddress,
        profile: WorkerProfile,
        now: DateTime<Utc>,
        mail: MailId,
    ) -> (Self, Vec<JournalEvent>) {
        let WorkerProfile {
            name,
            client_facing_name,
            description,
            user_group,
            security_class,
            site,
            language,
        } = profile;
        let worker = Self {
            id,
            email,
            name,
            client_facing_name,
            photo: None,
            description,
            user_group,
            security_class,
            site,
            language,
            epoch: 0,
            generation: 1,
            reset_expires_at: Some(now + TimeDelta::days(INVITATION_DAYS)),
            invited: true,
            revision: 0,
            second_factor: None,
            last_sign_in: None,
            undeliverable: None,
            state: INVITED,
        };
        let invited = JournalEvent::WorkerInvited { worker: id, mail, generation: worker.generation };
        (worker, vec![JournalEvent::WorkerCreated { worker: id }, invited])
    }

    /// The worker as a System Administrator writes them anew. Another group or class ends their sessions at once.
    ///
    /// # Errors
    /// `Oneself` when it is their own group or class that would change.
    pub fn edit(&self, by: WorkerId, profile: WorkerProfile) -> Result<EditedWorker, WorkerReason> {
        let moves = profile.user_group != self.user_group || profile.security_class != self.security_class;
        if moves && by == self.id {
            return Err(WorkerReason::Oneself);
        }
        let mut worker = Self {
            name: profile.name.completed_by(&self.name),
            client_facing_name: profile.client_facing_name,
            description: profile.description,
            user_group: profile.user_group,
            security_class: profile.security_class,
            site: profile.site,
            language: profile.language,
            ..self.clone()
        };
        let changed = self.changed_to(&worker);
        let mut events = Vec::new();
        if !changed.is_empty() {
            worker.revision += 1;
            events.push(JournalEvent::WorkerChanged { worker: self.id });
        }
        if moves {
            worker.epoch += 1;
            events.push(JournalEvent::WorkerSessionsEnded { worker: self.id });
        }
        Ok(EditedWorker { worker, changed, events })
    }

    /// The worker with what they tell clients of themselves.
    #[must_use]
    pub fn present(&self, client_facing_name: Option<String>, description: Option<String>) -> EditedWorker {
        let mut worker = Self { client_facing_name, description, ..self.clone() };
        let changed = self.changed_to(&worker);
        let mut events = Vec::new();
        if !changed.is_empty() {
            worker.revision += 1;
            events.push(JournalEvent::WorkerChanged { worker: self.id });
        }
        EditedWorker { worker, changed, events }
    }

    /// Until when the newest link is good, while they have still to choose a password.
    #[must_use]
    pub fn invited_until(&self) -> Option<DateTime<Utc>> {
        self.reset_expires_at.filter(|_| self.invited)
    }

    /// Invites again who has not chosen a password yet; the older link dies.
    ///
    /// # Errors
    /// When they have one, or may use no link; or were sent as many as there can be.
    pub fn invite(&self, now: DateTime<Utc>, mail: MailId) -> Result<ChangedWorker, WorkerRefused> {
        self.attempt(Action::Resend, || {
            self.check_resettable()?;
            if !self.invited {
                return Err(WorkerReason::WrongState);
            }
            self.to(Rule::A3, self.state).inviting(now, mail)
        })
    }

    /// A13: they no longer work here. Sessions end, password and links are worth nothing; name and address stay theirs,
    /// and so does the second factor.
    ///
    /// # Errors
    /// When they are deactivated already, or it is who asks for it.
    pub fn deactivate(&self, by: WorkerId) -> Result<ChangedWorker, WorkerRefused> {
        self.attempt(Action::Disable, || {
            self.check_another(by)?;
            if self.state == WorkerState::Disabled {
                return Err(WorkerReason::WrongState);
            }
            let mut changed = self.to(Rule::A13, WorkerState::Disabled);
            changed.worker.reset_expires_at = None;
            changed.worker.invited = false;
            changed.credentials = Credentials::PasswordRemoved;
            let events = [
                JournalEvent::WorkerDeactivated { worker: self.id },
                JournalEvent::WorkerSessionsEnded { worker: self.id },
            ];
            changed.events.extend(events);
            Ok(changed.ending_sessions())
        })
    }

    /// A14: they work here again, and are invited as at first.
    ///
    /// # Errors
    /// When they aren't deactivated; or were sent as many links as there can be.
    pub fn reactivate(&self, now: DateTime<Utc>, mail: MailId) -> Result<ChangedWorker, WorkerRefused> {
        self.attempt(Action::Enable, || {
            if self.state != WorkerState::Disabled {
                return Err(WorkerReason::WrongState);
            }
            let mut changed = self.to(Rule::A14, INVITED);
            changed.worker.invited = true;
            changed.events.push(JournalEvent::WorkerReactivated { worker: self.id });
            changed.inviting(now, mail)
        })
    }

    fn changed_to(&self, other: &Self) -> Vec<FieldName> {
        let fields = [
            (FieldName::Name, self.name != other.name),
            (FieldName::ClientFacingName, self.client_facing_name != other.client_facing_name),
            (FieldName::Description, self.description != other.description),
            (FieldName::UserGroup, self.user_group != other.user_group),
            (FieldName::SecurityClass, self.security_class != other.security_class),
            (FieldName::Site, self.site != other.site),
            (FieldName::Language, self.language != other.language),
        ];
        fields.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field).collect()
    }
}

impl ChangedWorker {
    fn inviting(mut self, now: DateTime<Utc>, mail: MailId) -> Result<Self, WorkerReason> {
        self.worker = self.worker.with_link(now + TimeDelta::days(INVITATION_DAYS))?;
        let (worker, generation) = (self.worker.id, self.worker.generation);
        self.events.push(JournalEvent::WorkerInvited { worker, mail, generation });
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{MAIL, WORKER, at, worker};

    const OTHER: WorkerId = WorkerId::new(uuid::Uuid::from_u128(8));

    fn profile(of: &Worker) -> WorkerProfile {
        WorkerProfile {
            name: of.name.clone(),
            client_facing_name: of.client_facing_name.clone(),
            description: of.description.clone(),
            user_group: of.user_group,
            security_class: of.security_class,
            site: of.site,
            language: of.language,
        }
    }

    #[test]
    fn an_invitation_lives_seven_days_and_gives_no_way_in_by_itself() {
        let known = worker(UserGroup::ClinicalWorker);
        let (hired, events) = Worker::hire(WORKER, known.email.clone(), profile(&known), at(0), MAIL);
        assert_eq!(
            events.last(),
            Some(&JournalEvent::WorkerInvited { worker: WORKER, mail: MAIL, generation: 1 })
        );
        assert!(!hired.may_sign_in() && hired.sign_in(at(0), None).is_err());
        assert!(hired.check_reset_link(1, at(7 * 24 - 1)).is_ok());
        assert_eq!(hired.check_reset_link(1, at(7 * 24)).unwrap_err().reason, WorkerReason::Expired);
        let again = hired.invite(at(1), MAIL).unwrap().worker;
        assert_eq!(again.check_reset_link(1, at(1)).unwrap_err().reason, WorkerReason::Superseded);
        let settled = again.reset_password(2, at(2), MAIL).unwrap().worker;
        assert_eq!((settled.invited_until(), settled.may_sign_in()), (None, true));
        assert_eq!(settled.invite(at(3), MAIL).unwrap_err().reason, WorkerReason::WrongState);
    }

    #[test]
    fn nobody_deactivates_themselves_or_changes_their_own_group_or_class() {
        let own = worker(UserGroup::SystemAdministrator);
        assert_eq!(own.deactivate(WORKER).unwrap_err().reason, WorkerReason::Oneself);
        for change in [
            |profile: &mut WorkerProfile| profile.user_group = UserGroup::AdminExec,
            |profile: &mut WorkerProfile| profile.security_class = ClassId::new(uuid::Uuid::from_u128(99)),
        ] {
            let mut wanted = profile(&own);
            change(&mut wanted);
            assert_eq!(own.edit(WORKER, wanted.clone()).unwrap_err(), WorkerReason::Oneself);
            let moved = own.edit(OTHER, wanted).unwrap();
            assert_eq!((moved.worker.epoch, moved.worker.revision), (own.epoch + 1, own.revision + 1));
        }
        let renamed = WorkerProfile { description: Some("Listens".to_owned()), ..profile(&own) };
        let renamed = own.edit(WORKER, renamed).unwrap();
        assert_eq!((renamed.changed, renamed.worker.epoch), (vec![FieldName::Description], own.epoch));
    }

    #[test]
    fn who_comes_back_chooses_a_password_anew_and_keeps_the_second_factor() {
        let enrolled = Worker {
            second_factor: Some(super::super::SecondFactor::default()),
            ..worker(UserGroup::AdminExec)
        };
        let gone = enrolled.deactivate(OTHER).unwrap();
        assert_eq!((gone.credentials, gone.worker.epoch), (Credentials::PasswordRemoved, enrolled.epoch + 1));
        assert_eq!(gone.worker.deactivate(OTHER).unwrap_err().reason, WorkerReason::WrongState);
        let back = gone.worker.reactivate(at(0), MAIL).unwrap().worker;
        assert!(back.invited && !back.may_sign_in() && back.second_factor.is_some());
        assert_eq!(back.reactivate(at(0), MAIL).unwrap_err().reason, WorkerReason::WrongState);
    }
}
