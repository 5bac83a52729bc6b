//! Importing services, groups and series.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Columns, Header, Outcome, Reader, RowError, Warning, known, yes_or_no};
use crate::fields::{self, Wrong};
use crate::id::{ServiceId, SiteId};
use crate::individual::Imported;
use crate::service::{Details, LONGEST_NAME, Misfit, Service, ServiceKind, Visibility};
use crate::text;

codes! {
    /// A column of the file.
    pub enum Column {
        /// The service's id in the system the file comes from.
        ExternalId = "external_id",
        /// `case_service`, `group`, `informal_service` or `informal_series`.
        Kind = "kind",
        /// What staff call it.
        Name = "name",
        /// Of a group or series: the id, in the same system, of the service it is a run of.
        ParentExternalId = "parent_external_id",
        /// What clients see instead.
        ClientFacingName = "client_facing_name",
        /// `yes`, `no` or, of a group or series, `as_service`.
        Visible = "visible",
        /// `yes` or `no`: whether clients may ask for it.
        Eligible = "eligible",
        /// How long its events take.
        EventMinutes = "event_minutes",
        /// A site's name.
        Site = "site",
        /// First day of a group or series, as 2026-12-31.
        StartsOn = "starts_on",
        /// Last day of a group or series.
        EndsOn = "ends_on",
        /// `yes` or `no`: whether people can be enrolled in it.
        Active = "active",
    }
}

impl Columns for Column {
    const ALL: &'static [Self] = Column::ALL;
    const REQUIRED: &'static [Self] = &[Self::ExternalId, Self::Kind, Self::Name];

    fn code(self) -> &'static str {
        Column::code(self)
    }
}

/// A row that can be taken. A column that isn't there, or a field that is empty, leaves what is known as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The service's id in the system the file comes from.
    pub external_id: String,
    /// The id of the service that it is a run of.
    pub parent_external_id: Option<String>,
    kind: ServiceKind,
    name: String,
    client_facing_name: Option<String>,
    visibility: Option<Visibility>,
    eligible: Option<bool>,
    event_minutes: Option<u16>,
    site: Option<SiteId>,
    starts_on: Option<NaiveDate>,
    ends_on: Option<NaiveDate>,
    active: Option<bool>,
}

fn name(text: &str) -> Result<String, Wrong> {
    Ok(text::clean(text, LONGEST_NAME)?)
}

fn kind(text: &str) -> Result<ServiceKind, Wrong> {
    let kind = fields::word(text)?.to_lowercase().replace([' ', '-'], "_").parse().ok();
    known(kind, "unknown_kind", "write case_service, group, informal_service or informal_series")
}

fn visibility(text: &str) -> Result<Visibility, Wrong> {
    match fields::word(text)?.to_lowercase().replace(' ', "_").as_str() {
        "yes" => Ok(Visibility::Visible),
        "no" => Ok(Visibility::Hidden),
        "as_service" => Ok(Visibility::AsService),
        _ => Err(Wrong::new("visibility", "write yes, no or, of a group or series, as_service")),
    }
}

fn minutes(text: &str) -> Result<u16, Wrong> {
    known(fields::word(text)?.parse().ok(), "not_a_number", "write a number from 5 to 480")
}

fn date(text: &str) -> Result<NaiveDate, Wrong> {
    let date = NaiveDate::parse_from_str(&fields::word(text)?, "%Y-%m-%d").ok();
    known(date, "date_form", "write the date as 2026-12-31")
}

impl Draft {
    /// Reads a row; `site` finds a site by its name.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse<'a>(
        header: &Header<Column>,
        fields: impl IntoIterator<Item = &'a str>,
        site: impl Fn(&str) -> Option<SiteId>,
    ) -> Result<Self, Vec<RowError>> {
        let mut row = Reader::of(header, fields)?;
        let external_id = row.read(Column::ExternalId, fields::external_id);
        let kind = row.read(Column::Kind, kind);
        let name_of_it = row.read(Column::Name, name);
        let rest = Self {
            external_id: external_id.unwrap_or_default(),
            parent_external_id: row.read(Column::ParentExternalId, fields::external_id),
            kind: kind.unwrap_or(ServiceKind::CaseService),
            name: name_of_it.unwrap_or_default(),
            client_facing_name: row.read(Column::ClientFacingName, name),
            visibility: row.read(Column::Visible, visibility),
            eligible: row.read(Column::Eligible, yes_or_no),
            event_minutes: row.read(Column::EventMinutes, minutes),
            site: row.read(Column::Site, |text| {
                let site = site(&fields::word(text)?);
                known(site, "unknown_site", "write the name of one of the agency's sites")
            }),
            starts_on: row.read(Column::StartsOn, date),
            ends_on: row.read(Column::EndsOn, date),
            active: row.read(Column::Active, yes_or_no),
        };
        // What is required and failed has left its errors already.
        if row.errors.is_empty() { Ok(rest) } else { Err(row.errors) }
    }

    /// Applies the row to the service that has its external id, or makes a new one; `parent` is the one that it is a run
    /// of, by the row or as it is known.
    ///
    /// # Errors
    /// What doesn't fit.
    pub fn apply(
        self,
        known: Option<&Service>,
        parent: Option<&Service>,
        import: Import<'_>,
    ) -> Result<Applied, RowError> {
        if known.is_some_and(|known| known.kind != self.kind) {
            return Err(refused(Column::Kind, "kind_differs", "leave its kind as it is"));
        }
        if (self.parent_external_id.is_some() || self.kind.parent().is_some()) && parent.is_none() {
            let help = "write the id of the service it is a run of, which must be there already";
            return Err(refused(Column::ParentExternalId, "unknown_service", help));
        }
        if known.is_some_and(|known| known.parent != parent.map(|parent| parent.id)) {
            return Err(refused(Column::ParentExternalId, "parent_differs", "leave its service as it is"));
        }
        let was = match known {
            Some(known) => known.details_in_force(parent),
            None => Details::new(self.kind, self.name.clone()),
        };
        let details = Details {
            name: self.name,
            client_facing_name: self.client_facing_name.or(was.client_facing_name),
            visibility: self.visibility.unwrap_or(was.visibility),
            eligible: self.eligible.unwrap_or(was.eligible),
            event_minutes: self.event_minutes.or(was.event_minutes),
            site: self.site.or(was.site),
            starts_on: self.starts_on.or(was.starts_on),
            ends_on: self.ends_on.or(was.ends_on),
            active: self.active.unwrap_or(was.active),
        };
        let mut service = if let Some(known) = known {
            known.clone().change(parent, details, false)?
        } else {
            let mut service = Service::new(import.service, self.kind, parent, details)?;
            service.external_ids = BTreeMap::from([(import.source.to_owned(), self.external_id)]);
            service
        };
        let outcome = match known {
            None => Outcome::Created,
            Some(known) if !service.differs_from(known, parent) => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
        };
        if outcome != Outcome::Unchanged {
            service.imported = Some(import.imported);
        }
        let hidden = service.details.eligible && service.shown(parent).is_none();
        let warnings = hidden.then_some(Warning::EligibleButHidden).into_iter().collect();
        Ok(Applied { service, outcome, warnings })
    }
}

/// Where a row is applied, and what it may need.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// The system the file comes from.
    pub source: &'a str,
    /// The job and the row.
    pub imported: Imported,
    /// The id of the service, if it is new.
    pub service: ServiceId,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The service as it is now.
    pub service: Service,
    /// Created, updated or unchanged.
    pub outcome: Outcome,
    /// What staff should know.
    pub warnings: Vec<Warning>,
}

fn refused(column: Column, code: &'static str, help: &str) -> RowError {
    RowError { column: Some(column.code()), code, help: help.to_owned() }
}

impl From<Misfit> for RowError {
    fn from(misfit: Misfit) -> Self {
        let column = match misfit.field {
            "parent_id" => Column::ParentExternalId.code(),
            "visibility" => Column::Visible.code(),
            same => same,
        };
        Self { column: Some(column), code: misfit.wrong.code, help: misfit.wrong.help }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::JobId;
    use crate::samples::SITE;

    const COLUMNS: &str = "external_id,kind,name,parent_external_id,client_facing_name,visible,eligible,event_minutes,site,starts_on,ends_on,active";

    fn read(columns: &str, row: &str) -> Result<Draft, Vec<RowError>> {
        let header = Header::parse(columns.split(',')).unwrap();
        Draft::parse(&header, row.split(','), |name| (name == "Quay").then_some(SITE))
    }

    fn apply(row: &str, known: Option<&Service>, parent: Option<&Service>) -> Result<Applied, RowError> {
        let imported = Imported { job: JobId::new(Uuid::from_u128(3)), row: 2 };
        let service = ServiceId::new(Uuid::from_u128(14));
        read(COLUMNS, row).unwrap().apply(known, parent, Import { source: "penelope", imported, service })
    }

    fn counselling() -> Service {
        apply("1,Case Service,CBT-04,,Talking it over,yes,,,,,,", None, None).unwrap().service
    }

    #[test]
    fn a_row_is_refused_with_everything_that_is_wrong() {
        let row = ",clinic,,,a\u{202e}b,perhaps,1,soon,Nowhere,1/2/2026,2026-02-30,on";
        let codes: Vec<_> = read(COLUMNS, row)
            .unwrap_err()
            .into_iter()
            .map(|error| (error.column.unwrap(), error.code))
            .collect();
        assert_eq!(
            codes,
            [
                ("external_id", "empty"),
                ("kind", "unknown_kind"),
                ("name", "empty"),
                ("client_facing_name", "control_character"),
                ("visible", "visibility"),
                ("eligible", "yes_or_no"),
                ("event_minutes", "not_a_number"),
                ("site", "unknown_site"),
                ("starts_on", "date_form"),
                ("ends_on", "date_form"),
                ("active", "yes_or_no"),
            ]
        );
    }

    #[test]
    fn a_new_row_makes_a_service_and_the_same_row_changes_nothing() {
        let counselling = counselling();
        let row = "9,group,Tuesdays,1,,as_service,yes,90,Quay,2026-01-06,2026-06-30,";
        let made = apply(row, None, Some(&counselling)).unwrap();
        assert_eq!((made.outcome, made.warnings.as_slice()), (Outcome::Created, &[][..]));
        assert_eq!(made.service.offered(Some(&counselling)), Some("Talking it over"));
        assert_eq!(made.service.external_ids["penelope"], "9");
        let again = apply(row, Some(&made.service), Some(&counselling)).unwrap();
        assert_eq!((again.outcome, again.service), (Outcome::Unchanged, made.service));
    }

    #[test]
    fn what_a_row_leaves_out_stays_and_an_override_that_was_reset_stays_reset() {
        let parent = counselling();
        let hidden = apply("9,group,Tuesdays,1,Circle,no,,,,,,", None, Some(&parent)).unwrap().service;
        let details = parent.details.clone();
        let parent = parent.change(None, details, true).unwrap();
        let renamed = apply("9,group,Wednesdays,,,,,,,,,", Some(&hidden), Some(&parent)).unwrap();
        assert_eq!(renamed.outcome, Outcome::Updated);
        assert_eq!(renamed.service.shown(Some(&parent)), Some("Circle"));
    }

    #[test]
    fn what_does_not_fit_is_refused_by_its_column() {
        let (parent, code) = (counselling(), |error: RowError| (error.column.unwrap(), error.code));
        let hidden = apply("1,case_service,CBT-04,,,,,,,,,", None, None).unwrap().service;
        for (row, known, above, expected) in [
            ("9,group,Tuesdays,,,,,,,,,", None, None, ("parent_external_id", "unknown_service")),
            (
                "9,informal_service,Café,1,,,,,,,,",
                None,
                Some(&parent),
                ("parent_external_id", "no_service_above"),
            ),
            ("1,group,CBT-04,1,,,,,,,,", Some(&parent), Some(&parent), ("kind", "kind_differs")),
            ("1,case_service,CBT-04,,,as_service,,,,,,", None, None, ("visible", "no_service_above")),
            (
                "9,group,T,1,,,yes,,,,,",
                None,
                Some(&hidden),
                ("client_facing_name", "client_facing_name_needed"),
            ),
        ] {
            assert_eq!(code(apply(row, known, above).unwrap_err()), expected, "{row}");
        }
    }

    #[test]
    fn an_eligible_service_that_is_hidden_is_warned_of() {
        let applied = apply("1,case_service,CBT-04,,Talking it over,no,yes,,,,,", None, None).unwrap();
        assert_eq!(applied.warnings, [Warning::EligibleButHidden]);
    }
}
