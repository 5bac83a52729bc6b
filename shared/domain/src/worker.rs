//! Workers, and who may do what.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::account::LockReason;
use crate::email::EmailAddress;
use crate::id::{ClassId, ImageId, SiteId, WorkerId};
use crate::individual::{Individual, Undeliverable};
use crate::language::Language;
use crate::name::PersonName;

mod life;
mod second_factor;
mod staffing;

pub use life::{ChangedWorker, WorkerReason, WorkerRefused};
pub use second_factor::{FactorChange, MOST_WRONG_CODES, RECOVERY_CODES, WrongCode};
pub use staffing::{EditedWorker, INVITATION_DAYS, WorkerProfile};

codes! {
    /// What a worker is, which decides what they may do at most.
    pub enum UserGroup {
        /// Configures; never sees individuals.
        SystemAdministrator = "system_administrator",
        /// Takes people in and manages them.
        IntakeMgmt = "intake_mgmt",
        /// Runs the agency.
        AdminExec = "admin_exec",
        /// Works with the individuals assigned to them.
        ClinicalWorker = "clinical_worker",
    }
}

codes! {
    /// What a security class can take away.
    pub enum Denial {
        /// Closing accounts.
        Close = "close",
        /// Disabling accounts.
        Disable = "disable",
        /// Anything done to many accounts at once.
        Bulk = "bulk",
        /// The account maintenance pages.
        Maintenance = "maintenance",
        /// Making clients choose a new password.
        ForceReset = "force_reset",
        /// Statistics.
        Statistics = "statistics",
        /// Giving and withdrawing consent for a client.
        Consent = "consent",
        /// Importing individuals.
        Import = "import",
        /// Services, groups, series, rosters and how clients see them.
        Services = "services",
        /// Invoices and the accounting discussions.
        Billing = "billing",
        /// Taking data out in bulk.
        Export = "export",
    }
}

/// A named set of switches that only reduce what a user group may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityClass {
    /// Which one.
    pub id: ClassId,
    /// What the agency calls it.
    pub name: String,
    /// *Allow `ClientConnect` Activations*, off unless switched on.
    pub allow_activations: bool,
    /// What it takes away.
    pub denials: BTreeSet<Denial>,
}

impl SecurityClass {
    /// A class that denies nothing, and doesn't allow activations.
    #[must_use]
    pub fn new(id: ClassId, name: String) -> Self {
        Self { id, name, allow_activations: false, denials: BTreeSet::new() }
    }
}

/// Whether a worker can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerState {
    /// May sign in.
    Active {
        /// Wrong passwords in a row.
        failed_sign_ins: u16,
        /// Only after choosing a new password.
        must_reset: bool,
    },
    /// May not, until unlocked.
    Locked {
        /// By whom.
        reason: LockReason,
        /// Survives unlocking.
        must_reset: bool,
    },
    /// No longer works here.
    Disabled,
}

/// What is known of a worker's second factor where its secret is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecondFactor {
    /// Recovery codes not used yet.
    pub recovery_codes_left: u8,
    /// Wrong codes in a row; a new password clears them not.
    pub wrong_codes: u8,
}

/// A member of staff. Its `Debug` shows no name and no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Who.
    pub id: WorkerId,
    /// Sign-in name (B1).
    pub email: EmailAddress,
    /// Their name.
    pub name: PersonName,
    /// What clients see instead of the name.
    pub client_facing_name: Option<String>,
    /// What they look like.
    pub photo: Option<ImageId>,
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
    /// Sessions opened under an earlier epoch are over.
    pub epoch: u32,
    /// Reset links of an earlier generation are dead.
    pub generation: u16,
    /// When the reset link of this generation dies, if there is one.
    pub reset_expires_at: Option<DateTime<Utc>>,
    /// Whether they have still to choose their first password, or their first since they came back.
    pub invited: bool,
    /// How often they were edited: signing in isn't editing.
    pub revision: u64,
    /// What they prove themselves by beside the password, once they are enrolled.
    pub second_factor: Option<SecondFactor>,
    /// When they last signed in.
    pub last_sign_in: Option<DateTime<Utc>>,
    /// Why mails to their address don't arrive, if the mail service told so.
    pub undeliverable: Option<Undeliverable>,
    /// Whether they can sign in.
    pub state: WorkerState,
}

codes! {
    /// Everything a worker can be allowed to do.
    pub enum Permission {
        /// External communications.
        SetUpCommunications = "set_up_communications",
        /// The sections of `ClientConnect` setup.
        SetUpClientConnect = "set_up_client_connect",
        /// Logo and tiles.
        SetUpImages = "set_up_images",
        /// Photos of workers.
        SetUpWorkerPhotos = "set_up_worker_photos",
        /// Gateway accounts.
        SetUpCreditCard = "set_up_credit_card",
        /// Workers, security classes, and workers' resets (B13).
        ManageStaff = "manage_staff",
        /// Individuals, services, events and invoices; which individuals is [`visible`]'s to say.
        SeeIndividuals = "see_individuals",
        /// Create an account (A1, A4).
        CreateAccount = "create_account",
        /// Send the activation again (A3).
        ResendActivation = "resend_activation",
        /// Open an account below the minimum age (A1).
        OverrideAge = "override_age",
        /// Suspend one account (A11).
        SuspendAccount = "suspend_account",
        /// Unlock one account (A12).
        UnlockAccount = "unlock_account",
        /// Close an account (A9, A15).
        CloseAccount = "close_account",
        /// Disable an account (A13).
        DisableAccount = "disable_account",
        /// Enable an account (A14).
        EnableAccount = "enable_account",
        /// The status and maintenance of all accounts.
        MaintainAccounts = "maintain_accounts",
        /// Suspend, unlock, close, disable, resend for many.
        ChangeAccountsInBulk = "change_accounts_in_bulk",
        /// Bulk activation (A2).
        ActivateInBulk = "activate_in_bulk",
        /// Force reset (A16).
        ForceReset = "force_reset",
        /// Statistics.
        SeeStatistics = "see_statistics",
        /// Profile and contacts.
        EditIndividual = "edit_individual",
        /// Consent to email.
        SetCommunicationSettings = "set_communication_settings",
        /// Account and mail history.
        ReadHistory = "read_history",
        /// Add one individual.
        CreateIndividual = "create_individual",
        /// Import many.
        ImportIndividuals = "import_individuals",
        /// Services, groups, series, rosters.
        ManageServices = "manage_services",
        /// Client facing names, visibility, pre-enrollment.
        EditClientFacing = "edit_client_facing",
        /// Write to clients; a Clinical Worker on the service file only.
        WriteToClients = "write_to_clients",
        /// Assign tasks; a Clinical Worker on the service file only.
        AssignTasks = "assign_tasks",
        /// Record attendance; a Clinical Worker on the service file only.
        RecordAttendance = "record_attendance",
        /// Invoices.
        Invoice = "invoice",
        /// The accounting department's discussions.
        SeeAccountingDiscussions = "see_accounting_discussions",
        /// Take data out in bulk.
        Export = "export",
    }
}

/// Who has a permission, and what takes it away.
struct Grant {
    groups: &'static [UserGroup],
    needs_activations: bool,
    denial: Option<Denial>,
}

impl Permission {
    fn grant(self) -> Grant {
        use UserGroup::{AdminExec, ClinicalWorker, IntakeMgmt, SystemAdministrator};
        const SYSTEM: &[UserGroup] = &[SystemAdministrator];
        const MANAGEMENT: &[UserGroup] = &[IntakeMgmt, AdminExec];
        const CARE: &[UserGroup] = &[IntakeMgmt, AdminExec, ClinicalWorker];
        let (groups, denial) = match self {
            Self::SetUpCommunications
            | Self::SetUpClientConnect
            | Self::SetUpImages
            | Self::SetUpWorkerPhotos
            | Self::SetUpCreditCard
            | Self::ManageStaff => (SYSTEM, None),
            Self::SeeIndividuals
            | Self::CreateAccount
            | Self::ResendActivation
            | Self::SuspendAccount
            | Self::UnlockAccount
            | Self::EditIndividual
            | Self::ReadHistory
            | Self::WriteToClients
            | Self::AssignTasks
            | Self::RecordAttendance => (CARE, None),
            Self::SetCommunicationSettings => (CARE, Some(Denial::Consent)),
            Self::OverrideAge | Self::EnableAccount | Self::CreateIndividual => (MANAGEMENT, None),
            Self::CloseAccount => (MANAGEMENT, Some(Denial::Close)),
            Self::DisableAccount => (MANAGEMENT, Some(Denial::Disable)),
            Self::MaintainAccounts => (MANAGEMENT, Some(Denial::Maintenance)),
            Self::ChangeAccountsInBulk | Self::ActivateInBulk => (MANAGEMENT, Some(Denial::Bulk)),
            Self::ForceReset => (MANAGEMENT, Some(Denial::ForceReset)),
            Self::SeeStatistics => (MANAGEMENT, Some(Denial::Statistics)),
            Self::ImportIndividuals => (MANAGEMENT, Some(Denial::Import)),
            Self::ManageServices | Self::EditClientFacing => (MANAGEMENT, Some(Denial::Services)),
            Self::Invoice | Self::SeeAccountingDiscussions => (MANAGEMENT, Some(Denial::Billing)),
            Self::Export => (MANAGEMENT, Some(Denial::Export)),
        };
        let needs_activations = matches!(
            self,
            Self::CreateAccount | Self::ResendActivation | Self::EnableAccount | Self::ActivateInBulk
        );
        Grant { groups, needs_activations, denial }
    }
}

/// Whether a worker of that group and class may do it: the group allows, the class can only take away.
#[must_use]
pub fn permits(group: UserGroup, class: &SecurityClass, permission: Permission) -> bool {
    let grant = permission.grant();
    grant.groups.contains(&group)
        && (class.allow_activations || !grant.needs_activations)
        && grant.denial.is_none_or(|denial| !class.denials.contains(&denial))
}

/// Everything a worker of that group and class may do.
pub fn permissions(group: UserGroup, class: &SecurityClass) -> impl Iterator<Item = Permission> {
    Permission::ALL.iter().copied().filter(move |permission| permits(group, class, *permission))
}

/// Whether the individual exists for that worker at all: a Clinical Worker sees only those they are assigned to,
/// a System Administrator none. Every load of an individual by a worker goes through this.
#[must_use]
pub fn visible(worker: &Worker, individual: &Individual) -> bool {
    match worker.user_group {
        UserGroup::SystemAdministrator => false,
        UserGroup::IntakeMgmt | UserGroup::AdminExec => true,
        UserGroup::ClinicalWorker => individual.works_with(worker.id),
    }
}

impl Worker {
    /// Whether they can be put on a service file: who works here, and may see individuals at all.
    #[must_use]
    pub fn may_serve(&self) -> bool {
        self.state != WorkerState::Disabled && self.user_group != UserGroup::SystemAdministrator
    }

    /// What clients call them: their client facing name, else their name, without its last part where the agency hides
    /// it.
    #[must_use]
    pub fn shown_name(&self, hide_last_name: bool) -> String {
        match &self.client_facing_name {
            Some(name) => name.clone(),
            None if hide_last_name => self.name.called().to_owned(),
            None => self.name.full(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{individual, worker};

    /// Who may: S(ystem Administrator), I(ntake-Mgmt), A(dmin-Exec), C(linical Worker); whether activations must be
    /// allowed; what denies it.
    const TABLE: &str = "
    set_up_communications      | S   |     |
    set_up_client_connect      | S   |     |
    set_up_images              | S   |     |
    set_up_worker_photos       | S   |     |
    set_up_credit_card         | S   |     |
    manage_staff               | S   |     |
    see_individuals            | IAC |     |
    create_account             | IAC | yes |
    resend_activation          | IAC | yes |
    override_age               | IA  |     |
    suspend_account            | IAC |     |
    unlock_account             | IAC |     |
    close_account              | IA  |     | close
    disable_account            | IA  |     | disable
    enable_account             | IA  | yes |
    maintain_accounts          | IA  |     | maintenance
    change_accounts_in_bulk    | IA  |     | bulk
    activate_in_bulk           | IA  | yes | bulk
    force_reset                | IA  |     | force_reset
    see_statistics             | IA  |     | statistics
    edit_individual            | IAC |     |
    set_communication_settings | IAC |     | consent
    read_history               | IAC |     |
    create_individual          | IA  |     |
    import_individuals         | IA  |     | import
    manage_services            | IA  |     | services
    edit_client_facing         | IA  |     | services
    write_to_clients           | IAC |     |
    assign_tasks               | IAC |     |
    record_attendance          | IAC |     |
    invoice                    | IA  |     | billing
    see_accounting_discussions | IA  |     | billing
    export                     | IA  |     | export
    ";

    #[test]
    fn every_permission_of_every_group_under_every_switch() {
        let id = worker(UserGroup::AdminExec).security_class;
        let denials = std::iter::once(BTreeSet::new())
            .chain(Denial::ALL.iter().map(|denial| BTreeSet::from([*denial])))
            .chain([Denial::ALL.iter().copied().collect()]);
        let classes: Vec<_> = denials
            .flat_map(|denials| [true, false].map(|allow_activations| (denials.clone(), allow_activations)))
            .map(|(denials, allow_activations)| SecurityClass {
                id,
                name: String::new(),
                allow_activations,
                denials,
            })
            .collect();
        let rows: Vec<_> = TABLE.lines().filter(|line| !line.trim().is_empty()).collect();
        assert_eq!(rows.len(), Permission::ALL.len());
        for row in rows {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            let permission: Permission = cells[0].parse().unwrap();
            for (group, letter) in UserGroup::ALL.iter().zip(['S', 'I', 'A', 'C']) {
                for class in &classes {
                    let expected = cells[1].contains(letter)
                        && (cells[2].is_empty() || class.allow_activations)
                        && !class.denials.iter().any(|denial| denial.code() == cells[3]);
                    assert_eq!(
                        permits(*group, class, permission),
                        expected,
                        "{group} {permission} {class:?}"
                    );
                    assert_eq!(permissions(*group, class).any(|held| held == permission), expected);
                }
            }
        }
    }

    #[test]
    fn a_new_class_allows_no_activations() {
        let class = SecurityClass::new(worker(UserGroup::AdminExec).security_class, "New".to_owned());
        assert!(!permits(UserGroup::AdminExec, &class, Permission::CreateAccount));
    }

    #[test]
    fn who_is_not_assigned_does_not_exist_for_a_clinical_worker() {
        let (assigned, mut stranger) = (individual(), individual());
        stranger.workers.clear();
        let sees = |group, whom| visible(&worker(group), whom);
        assert!(sees(UserGroup::ClinicalWorker, &assigned) && !sees(UserGroup::ClinicalWorker, &stranger));
        assert!(sees(UserGroup::IntakeMgmt, &stranger) && sees(UserGroup::AdminExec, &stranger));
        assert!(!sees(UserGroup::SystemAdministrator, &assigned));
    }
}
