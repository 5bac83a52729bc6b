//! Importing from files: rows, checked one by one, each taken whole or not at all (B12).

use std::collections::BTreeMap;

use crate::fields::{self, Wrong};

pub mod individuals;
pub mod rosters;
pub mod service_files;
pub mod services;

/// The columns of one kind of file.
pub trait Columns: Copy + Ord + 'static {
    /// All of them.
    const ALL: &'static [Self];
    /// Those that every file must have, and every row must fill in.
    const REQUIRED: &'static [Self];

    /// What a header calls it.
    fn code(self) -> &'static str;
}

/// A header that can't be used: everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.help())]
pub struct HeaderError {
    /// Required columns that aren't there.
    pub missing: Vec<&'static str>,
    /// Names that are no column's, as far as they can be shown.
    pub unknown: Vec<String>,
    /// Columns that are there more than once.
    pub duplicate: Vec<&'static str>,
    /// Every column that such a file may have.
    pub known: Vec<&'static str>,
}

impl HeaderError {
    /// What to do, in English.
    #[must_use]
    pub fn help(&self) -> String {
        let mut steps = Vec::new();
        if !self.missing.is_empty() {
            steps.push(format!("add the missing columns: {}", self.missing.join(", ")));
        }
        if !self.unknown.is_empty() {
            steps.push(format!(
                "rename or remove the unknown columns: {} (known are: {})",
                self.unknown.join(", "),
                self.known.join(", ")
            ));
        }
        if !self.duplicate.is_empty() {
            steps.push(format!("keep only one of each of these columns: {}", self.duplicate.join(", ")));
        }
        steps.join("; ")
    }
}

/// Which column stands where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<C>(Vec<C>);

impl<C: Columns> Header<C> {
    /// Reads the first row. Names may be in any order and case, with blanks for underscores.
    ///
    /// # Errors
    /// When a required column is missing, or one is unknown or there twice.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, HeaderError> {
        let mut columns = Vec::new();
        let mut error = HeaderError {
            missing: Vec::new(),
            unknown: Vec::new(),
            duplicate: Vec::new(),
            known: C::ALL.iter().map(|column| column.code()).collect(),
        };
        for name in names {
            let name = name.trim_start_matches('\u{FEFF}').trim().to_lowercase().replace([' ', '-'], "_");
            match C::ALL.iter().copied().find(|column| column.code() == name) {
                Some(column) if columns.contains(&column) => error.duplicate.push(column.code()),
                Some(column) => columns.push(column),
                None if error.unknown.len() < 20 => error.unknown.push(shown(&name)),
                None => {}
            }
        }
        let missing = C::REQUIRED.iter().filter(|column| !columns.contains(column));
        error.missing = missing.map(|column| column.code()).collect();
        let fine = error.missing.is_empty() && error.unknown.is_empty() && error.duplicate.is_empty();
        if fine { Ok(Self(columns)) } else { Err(error) }
    }
}

fn shown(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    if name.is_empty() { "(without a name)".to_owned() } else { name }
}

/// A field that can't be taken; with it the whole row isn't.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {help}", .column.unwrap_or("row"))]
pub struct RowError {
    /// The column; none when the row as a whole is wrong.
    pub column: Option<&'static str>,
    /// Stable code.
    pub code: &'static str,
    /// What to do, in English. Holds no value of the row.
    pub help: String,
}

codes! {
    /// What a row does.
    pub enum Outcome {
        /// Adds what it names.
        Created = "created",
        /// Changes it.
        Updated = "updated",
        /// Says what is known already.
        Unchanged = "unchanged",
    }
}

codes! {
    /// What staff should know about a row that was taken.
    pub enum Warning {
        /// A worker or the client withdrew consent: a file can't give it again.
        WithdrawalStands = "withdrawal_stands",
        /// Staff took this address out of use: it stays so, and consent can't be given for it.
        EmailNotInUse = "email_not_in_use",
        /// Whether somebody is a test individual is settled when they are added.
        TestMarkStays = "test_mark_stays",
        /// Another individual has the same name and birth date (B12). For the caller to find.
        SameNameAndBirthDate = "same_name_and_birth_date",
        /// A service that clients may ask for is hidden: it is not offered.
        EligibleButHidden = "eligible_but_hidden",
    }
}

/// The fields of a row by column, and what is wrong with them.
struct Reader<'a, C> {
    fields: BTreeMap<C, &'a str>,
    errors: Vec<RowError>,
}

impl<'a, C: Columns> Reader<'a, C> {
    fn of(header: &Header<C>, fields: impl IntoIterator<Item = &'a str>) -> Result<Self, Vec<RowError>> {
        let fields: Vec<&str> = fields.into_iter().collect();
        if fields.len() != header.0.len() {
            let (found, wanted) = (fields.len(), header.0.len());
            let help = format!("this row has {found} fields, the header {wanted}: check quotes and commas");
            return Err(vec![RowError { column: None, code: "wrong_width", help }]);
        }
        Ok(Self { fields: header.0.iter().copied().zip(fields).collect(), errors: Vec::new() })
    }

    fn refuse<T>(&mut self, column: C, wrong: Wrong) -> Option<T> {
        self.errors.push(RowError { column: Some(column.code()), code: wrong.code, help: wrong.help });
        None
    }

    fn field(&self, column: C) -> &'a str {
        self.fields.get(&column).copied().unwrap_or_default()
    }

    /// A field as whatever it should be, if it is filled in.
    fn read<T>(&mut self, column: C, read: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<T> {
        let field = self.field(column);
        let read =
            if C::REQUIRED.contains(&column) { read(field).map(Some) } else { fields::optional(field, read) };
        read.unwrap_or_else(|wrong| self.refuse(column, wrong))
    }
}

fn yes_or_no(text: &str) -> Result<bool, Wrong> {
    match fields::word(text)?.to_lowercase().as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(Wrong::new("yes_or_no", "write yes or no")),
    }
}

fn known<T>(found: Option<T>, code: &'static str, help: &str) -> Result<T, Wrong> {
    found.ok_or_else(|| Wrong::new(code, help))
}
