//! What the functions of a stack need from other stacks: its parameters, and what the root gives for them.

use std::collections::BTreeSet;

use functions::operation::{Operation, Secret, Trigger, Use};
use store::tables::Table;

use crate::text::{dashed, logical_id};

/// Something that another stack or the root has. Defaults are what `make run` uses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    Table(Table),
    Stream(Table),
    Secret(Secret),
    Uploads,
    Images,
    Bus,
    MailDomain,
    PortalUrl,
    AdminUrl,
    Key,
    LogDays,
    AlarmTopic,
    AwsEndpoint,
}

/// What these operations need together, in a fixed order.
pub(crate) fn needs(operations: &[&Operation]) -> BTreeSet<Need> {
    let always = [Need::Key, Need::LogDays, Need::AlarmTopic, Need::AwsEndpoint];
    always.into_iter().chain(operations.iter().flat_map(|operation| of(operation))).collect()
}

fn of(operation: &Operation) -> Vec<Need> {
    let mut needs: Vec<Need> = operation.touches().into_keys().map(Need::Table).collect();
    if let Trigger::Stream(table, _) = operation.trigger {
        needs.extend([Need::Stream(table), Need::Table(table)]);
    }
    for used in operation.uses {
        match used {
            Use::SendMail => needs.extend([Need::MailDomain, Need::PortalUrl, Need::AdminUrl]),
            Use::PortalUrl => needs.push(Need::PortalUrl),
            Use::ReadIdentity => needs.push(Need::MailDomain),
            Use::ReadSendRate | Use::Stage => {}
            Use::PutEvents => needs.push(Need::Bus),
            Use::ReadUploads | Use::WriteUploads => needs.push(Need::Uploads),
            Use::ReadImages(_) | Use::WriteImages(_) => needs.push(Need::Images),
            Use::Read(secret) | Use::Write(secret) => needs.push(Need::Secret(*secret)),
        }
    }
    if matches!(operation.trigger, Trigger::Queue(queue, _) if !queue.is_fed_by_ses()) {
        needs.push(Need::Bus);
    }
    needs
}

impl Need {
    /// The parameter's name, and the name of the output that it comes from.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Table(table) => format!("{}Table", logical_id(table.name())),
            Self::Stream(table) => format!("{}Stream", logical_id(table.name())),
            Self::Secret(secret) => secret_id(secret),
            Self::Uploads => "UploadsBucket".to_owned(),
            Self::Images => "ImagesBucket".to_owned(),
            Self::Bus => "BusName".to_owned(),
            Self::MailDomain => "MailDomain".to_owned(),
            Self::PortalUrl => "PortalUrl".to_owned(),
            Self::AdminUrl => "AdminUrl".to_owned(),
            Self::Key => "KeyArn".to_owned(),
            Self::LogDays => "LogDays".to_owned(),
            Self::AlarmTopic => "AlarmTopic".to_owned(),
            Self::AwsEndpoint => "AwsEndpoint".to_owned(),
        }
    }

    fn default(self) -> String {
        const HERE: &str = "us-east-1:000000000000";
        match self {
            Self::Table(table) => format!("clientconnect-dev-{}", dashed(table.name())),
            Self::Stream(table) => {
                let name = dashed(table.name());
                format!(
                    "arn:aws:dynamodb:{HERE}:table/clientconnect-dev-{name}/stream/2026-01-01T00:00:00.000"
                )
            }
            Self::Secret(secret) => {
                format!("arn:aws:secretsmanager:{HERE}:secret:{}-000000", secret_name("dev", secret))
            }
            Self::Uploads => "clientconnect-dev-uploads-000000000000".to_owned(),
            Self::Images => "clientconnect-dev-images-000000000000".to_owned(),
            Self::Bus => "clientconnect-dev".to_owned(),
            Self::MailDomain => "alderquay.example.org".to_owned(),
            Self::PortalUrl => "http://127.0.0.1:8080".to_owned(),
            Self::AdminUrl => "http://127.0.0.1:8081".to_owned(),
            Self::Key => format!("arn:aws:kms:{HERE}:key/00000000-0000-0000-0000-000000000000"),
            Self::LogDays => "90".to_owned(),
            Self::AlarmTopic => format!("arn:aws:sns:{HERE}:clientconnect-dev-alarms"),
            Self::AwsEndpoint => "''".to_owned(),
        }
    }

    /// Its declaration in the stack.
    pub(crate) fn parameter(self) -> String {
        let kind = if self == Self::LogDays { "Number" } else { "String" };
        format!("{}:\n  Type: {kind}\n  Default: {}\n", self.name(), self.default())
    }

    /// What the root gives for it.
    pub(crate) fn argument(self) -> String {
        let name = self.name();
        match self {
            Self::MailDomain | Self::PortalUrl | Self::AdminUrl | Self::LogDays | Self::AwsEndpoint => {
                format!("{name}: !Ref {name}\n")
            }
            _ => format!("{name}: !GetAtt Data.Outputs.{name}\n"),
        }
    }
}

/// The logical id of a secret.
pub(crate) fn secret_id(secret: Secret) -> String {
    logical_id(&secret.env_var().to_lowercase())
}

/// The name of a secret in one stage.
pub(crate) fn secret_name(stage: &str, secret: Secret) -> String {
    let name = secret.env_var().to_lowercase();
    format!("clientconnect-{stage}-{}", dashed(name.trim_end_matches("_secret")))
}
