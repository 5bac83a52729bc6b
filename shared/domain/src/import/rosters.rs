//! Importing places on the rosters of groups and series.

use chrono::NaiveDate;

use super::service_files::ServiceNamed;
use super::{Columns, Header, Reader, RowError};
use crate::fields;
use crate::individual::{Imported, Individual};
use crate::service::Service;
use crate::service_file::{NotEnrolled, Place};

codes! {
    /// A column of the file.
    pub enum Column {
        /// The individual's id in the system the file comes from.
        IndividualExternalId = "individual_external_id",
        /// The group's or series' id in the same system.
        ServiceExternalId = "service_external_id",
        /// Its name, where it has no id there.
        Service = "service",
        /// From which day on, as 2026-03-31; today, if empty.
        Since = "since",
    }
}

impl Columns for Column {
    const ALL: &'static [Self] = Column::ALL;
    const REQUIRED: &'static [Self] = &[Self::IndividualExternalId];

    fn code(self) -> &'static str {
        Column::code(self)
    }
}

/// A row that can be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The individual's id in the system the file comes from.
    pub individual_external_id: String,
    /// The group or series.
    pub service: ServiceNamed,
    since: Option<NaiveDate>,
}

impl Draft {
    /// Reads a row.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse<'a>(
        header: &Header<Column>,
        fields: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Vec<RowError>> {
        let mut row = Reader::of(header, fields)?;
        let individual = row.read(Column::IndividualExternalId, fields::external_id);
        let service = ServiceNamed::read(&mut row, Column::ServiceExternalId, Column::Service);
        let since = row.read(Column::Since, fields::day);
        match (individual, service) {
            (Some(individual_external_id), Some(service)) if row.errors.is_empty() => {
                Ok(Self { individual_external_id, service, since })
            }
            _ => Err(row.errors),
        }
    }

    /// The place that the row gives.
    ///
    /// # Errors
    /// When the roster doesn't take the individual.
    pub fn apply(
        &self,
        individual: &Individual,
        service: &Service,
        imported: Imported,
        today: NaiveDate,
    ) -> Result<Place, NotEnrolled> {
        let place = Place::take(individual, service, self.since.unwrap_or(today), today)?;
        Ok(Place { imported: Some(imported), ..place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_somebody_and_a_group_and_may_say_since_when() {
        let read = |row: &str| {
            let header = Header::parse("individual_external_id,service,since".split(',')).unwrap();
            Draft::parse(&header, row.split(','))
        };
        let draft = read("P1,Tuesday circle,").unwrap();
        assert_eq!(draft.service, ServiceNamed::Name("Tuesday circle".to_owned()));
        let errors = read(",,yesterday").unwrap_err();
        let codes: Vec<_> = errors.into_iter().map(|error| (error.column.unwrap(), error.code)).collect();
        assert_eq!(
            codes,
            [("individual_external_id", "empty"), ("service_external_id", "empty"), ("since", "day_form")]
        );
    }
}
