//! Creates an individual's account and sends the activation (A1); on a disabled account, enables it (A14).

use domain::account::{Account, Action, AgeOverride, Context as Guards, Opening, Reason, Refused, StateName};
use domain::id::{AccountId, IndividualId};
use domain::{EmailAddress, Individual, Permission};
use serde::Deserialize;
use store::{CommitError, Conflict, Version, Versioned, ask};

use super::Invitation;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};

/// Creates an account.
pub struct CreateAccount;

/// For whom, and where the activation goes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
    /// The sign-in email; the consented or main address if left out (B9).
    #[serde(default)]
    pub email: Option<String>,
    /// The worker was warned that this isn't the address that was offered, and means it (B9).
    #[serde(default)]
    pub confirm_email: bool,
    /// Why an individual below the minimum age gets an account; Intake-Mgmt and Admin-Exec only.
    #[serde(default)]
    pub age_override_reason: Option<String>,
}

refusals! {
    /// Why no account is created.
    pub enum Error {
        /// ClientConnect isn't ready (C1, C2).
        NotReady {
            /// What is missing, e.g. `client_delivery_off`.
            missing: Reason,
        } => 409, "not_ready", "ClientConnect is not ready to invite clients; a System Administrator can set it up";
        /// No email contact in use.
        NoEmailContact => 409, "no_email_contact", "Add an email contact and tick Use Contact first";
        /// No birth date.
        NoBirthDate => 409, "no_birth_date", "Fill in the birth date first; the client proves with it who they are";
        /// The default birth date proves nothing.
        DefaultBirthDate => 409, "default_birth_date", "Replace the default birth date by the real one first";
        /// Below the minimum age.
        TooYoung {
            /// The agency's minimum.
            minimum_age: u8,
        } => 409, "too_young", "The individual is below the minimum age; Intake-Mgmt or Admin-Exec can override this with a reason";
        /// Not this worker's to override, or without a reason.
        AgeOverrideNotAllowed => 403, "age_override_not_allowed", "Only Intake-Mgmt and Admin-Exec may override the minimum age, and with a reason";
        /// There is an open account.
        AccountOpen => 409, "account_open", "The individual has an open account already";
        /// Another address than the one offered.
        AddressDiffers => 409, "address_differs", "This is not the address the agency has consent for; confirm that it is right";
        /// The address is another account's sign-in name.
        AddressTaken => 409, "address_taken", "Another client signs in with this address; use a different one";
        /// All licences are in use (B7).
        NoLicence => 409, "no_licence", "All licences are in use; close accounts that are not needed, or get more";
        /// Not in this state.
        AccountState {
            /// The account's state.
            state: StateName,
            /// What was wanted.
            action: Action,
        } => 409, "account_state", "The account's state does not allow this";
    }
}

impl HttpOperation for CreateAccount {
    type Caller = Staff;
    type Request = Request;
    type Response = Invitation;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Invitation>, Failure<Error>> {
        let store = &context.services.store;
        let asked = (ask::individual(request.individual_id), ask::holding(request.individual_id));
        let (individual, holding) = store.ask(asked).await?;
        let individual = staff.visible(context, request.individual_id, individual).await?;
        let address = request.email.map(|typed| typed.parse::<EmailAddress>()).transpose();
        let address = address.map_err(|error| Failure::invalid("email", error.to_string()))?;
        let age_override = request.age_override_reason.as_deref();
        let age_override =
            age_override.map(|reason| AgeOverride::new(&staff.worker, &staff.class, reason)).transpose();

        let open = match holding.unwrap_or_default().open {
            Some(open) => store.ask(ask::account(open)).await?,
            None => None,
        };
        let opening = Opening {
            context: Guards {
                individual: &individual,
                settings: &staff.settings,
                now: context.now,
                mail: context.mail(),
            },
            open_account: open.is_some(),
            address,
            address_confirmed: request.confirm_email,
            age_override: age_override.map_err(|_| Error::AgeOverrideNotAllowed)?,
        };
        open_account(context, &staff, &individual, open, &opening).await
    }
}

async fn open_account(
    context: &Context<'_>,
    staff: &Staff,
    individual: &Individual,
    open: Option<Versioned<Account>>,
    opening: &Opening<'_>,
) -> Result<Reply<Invitation>, Failure<Error>> {
    let refuse = |refused: Refused| refusal(&refused, staff);
    let (changed, version) = match open {
        Some(account)
            if account.state.name() == StateName::Disabled && staff.may(Permission::EnableAccount) =>
        {
            (account.enable(opening).map_err(refuse)?, account.version)
        }
        _ => (Account::create(AccountId::new(context.uuid()), opening).map_err(refuse)?, Version::NONE),
    };
    let answer = Invitation::from(&changed);
    let transaction = context.account_change(staff.actor(), &changed, version, individual.test, None);
    match context.commit(transaction, &answer).await {
        Ok(()) => Ok(Reply::from(answer)),
        Err(CommitError::Conflict(Conflict::OpenAccountExists)) => Err(Error::AccountOpen.into()),
        Err(CommitError::Conflict(Conflict::SignInNameTaken)) => Err(Error::AddressTaken.into()),
        Err(CommitError::Conflict(Conflict::NoLicence)) => Err(Error::NoLicence.into()),
        Err(error) => Err(error.into()),
    }
}

fn refusal(refused: &Refused, staff: &Staff) -> Error {
    match refused.reason {
        Reason::NoEmailContact => Error::NoEmailContact,
        Reason::NoBirthDate => Error::NoBirthDate,
        Reason::DefaultBirthDate => Error::DefaultBirthDate,
        Reason::TooYoung => Error::TooYoung { minimum_age: staff.settings.general.minimum_age },
        Reason::OpenAccountExists => Error::AccountOpen,
        Reason::AddressNotConfirmed => Error::AddressDiffers,
        Reason::NotPermitted | Reason::OverrideReasonMissing => Error::AgeOverrideNotAllowed,
        Reason::WrongState => Error::AccountState { state: refused.state, action: refused.action },
        missing => Error::NotReady { missing },
    }
}
