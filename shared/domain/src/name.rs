//! People's names, and the folded form in which they are searched.

use std::collections::BTreeSet;
use std::fmt;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use crate::text::{self, TextError};

/// The most characters one part of a name may have.
pub const MAX: usize = 100;

/// A person's name. Its `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName {
    first: String,
    middle: Option<String>,
    last: String,
    preferred: Option<String>,
}

/// A part of a name that can't be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {error}")]
pub struct NameError {
    /// `first_name`, `middle_name`, `last_name` or `preferred_name`.
    pub part: &'static str,
    /// What is wrong with it.
    pub error: TextError,
}

impl PersonName {
    /// A name of its parts; empty optional parts are none.
    ///
    /// # Errors
    /// When first or last name is empty, or a part is over 100 characters or has control characters.
    pub fn new(first: &str, middle: &str, last: &str, preferred: &str) -> Result<Self, NameError> {
        let fail = |part| move |error| NameError { part, error };
        Ok(Self {
            first: text::clean(first, MAX).map_err(fail("first_name"))?,
            middle: text::optional(middle, MAX).map_err(fail("middle_name"))?,
            last: text::clean(last, MAX).map_err(fail("last_name"))?,
            preferred: text::optional(preferred, MAX).map_err(fail("preferred_name"))?,
        })
    }

    /// This name, with what it leaves open filled in from another.
    #[must_use]
    pub fn completed_by(self, other: &Self) -> Self {
        Self {
            middle: self.middle.or_else(|| other.middle.clone()),
            preferred: self.preferred.or_else(|| other.preferred.clone()),
            ..self
        }
    }

    /// First name.
    #[must_use]
    pub fn first(&self) -> &str {
        &self.first
    }

    /// Middle name or names.
    #[must_use]
    pub fn middle(&self) -> Option<&str> {
        self.middle.as_deref()
    }

    /// Last name.
    #[must_use]
    pub fn last(&self) -> &str {
        &self.last
    }

    /// The name the person likes to be called by.
    #[must_use]
    pub fn preferred(&self) -> Option<&str> {
        self.preferred.as_deref()
    }

    /// How to greet the person: the preferred name, else the first.
    #[must_use]
    pub fn called(&self) -> &str {
        self.preferred().unwrap_or(&self.first)
    }

    /// First, middle and last name.
    #[must_use]
    pub fn full(&self) -> String {
        let parts = [Some(self.first()), self.middle(), Some(self.last())];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The folded words of all parts, by which the person is found.
    #[must_use]
    pub fn search_tokens(&self) -> BTreeSet<String> {
        let parts = [Some(self.first()), self.middle(), Some(self.last()), self.preferred()];
        parts.into_iter().flatten().flat_map(tokens).collect()
    }

    /// Whether each word of a text is the beginning of one of the name's, accents and case left aside.
    #[must_use]
    pub fn begins_with(&self, text: &str) -> bool {
        let own = self.search_tokens();
        tokens(text).iter().all(|word| own.iter().any(|own| own.starts_with(word.as_str())))
    }

    /// First and last name folded, by which likely duplicates are reported (B12): middle names are too often
    /// left out to tell two people apart.
    #[must_use]
    pub fn folded_full(&self) -> String {
        tokens(&self.first).into_iter().chain(tokens(&self.last)).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

/// The folded words of a text, in order: of a name, or of what somebody searches for.
#[must_use]
pub fn tokens(text: &str) -> Vec<String> {
    let folded = fold(text);
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The text without marks, case and the letters that people leave out or replace when they search.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let unmarked = text.chars().filter(|c| !is_left_out(*c)).nfkd().filter(|c| !is_combining_mark(*c));
    // Some letters get marks only by being lower-cased, hence the second filter.
    for c in unmarked.flat_map(char::to_lowercase).filter(|c| !is_combining_mark(*c)) {
        match c {
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ŧ' => folded.push('t'),
            'ŋ' => folded.push('n'),
            'ı' => folded.push('i'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ς' => folded.push('σ'),
            'ى' => folded.push('ي'),
            'ة' => folded.push('ه'),
            other => folded.push(other),
        }
    }
    folded
}

/// Apostrophes in their many forms, Hebrew geresh, Arabic tatweel, joiners: O'Neil is found as oneil.
fn is_left_out(c: char) -> bool {
    "'’‘ʼʻ`´׳״ـ\u{AD}\u{200C}\u{200D}".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_without_marks_case_or_apostrophes() {
        for (name, folded) in [
            ("Zoë O’Neil", "zoe oneil"),
            ("O'NEIL o´neil oʼneil", "oneil oneil oneil"),
            ("Jean-Luc D’Été", "jean luc dete"),
            ("Søren Łukasz Đorđe Æsa Cœur Þór", "soren lukasz dorde aesa coeur thor"),
            ("Straße STRASSE Weiẞ", "strasse strasse weiss"),
            ("İbrahim Işıl", "ibrahim isil"),
            ("Nguyễn Thị Hương", "nguyen thi huong"),
            ("Ζωής ΖΩΗΣ", "ζωησ ζωησ"),
            ("مُحَمَّد أحمد فاطمة", "محمد احمد فاطمه"),
            ("שָׂרָה כ״ץ", "שרה כץ"),
            ("王 小明", "王 小明"),
            ("ﬁona　Ｋｉｍ", "fiona kim"),
            ("=1+1", "1 1"),
            (" ,- ", ""),
        ] {
            assert_eq!(tokens(name).join(" "), folded, "{name}");
        }
        assert_eq!(tokens("Zoe\u{308}"), tokens("Zo\u{EB}"));
        assert_eq!(tokens("김민준"), tokens("\u{1100}\u{1175}\u{11B7}민준"));
    }

    #[test]
    fn a_name_is_searched_by_all_parts_and_compared_by_two() {
        let name = PersonName::new(" Maria ", "de  los Ángeles", "García", "Mari").unwrap();
        assert_eq!((name.called(), name.full().as_str()), ("Mari", "Maria de  los Ángeles García"));
        let found = ["angeles", "de", "garcia", "los", "mari", "maria"].map(str::to_owned);
        assert_eq!(name.search_tokens(), BTreeSet::from(found));
        assert_eq!(name.folded_full(), "maria garcia");
        let begins = ["GARC mari", "angeles", "", "garcía garcía"].map(|text| name.begins_with(text));
        assert_eq!((begins, name.begins_with("maria lopez")), ([true; 4], false));
        assert_eq!(format!("{name:?}"), "PersonName(…)");
    }

    #[test]
    fn names_that_hide_something_are_refused() {
        let refused = |first: &str, last: &str| PersonName::new(first, "", last, "").unwrap_err();
        assert_eq!(refused("", "O").to_string(), "first_name: fill this in");
        assert_eq!(refused("Zoë", " "), NameError { part: "last_name", error: TextError::Empty });
        assert_eq!(refused("Zoë", &"x".repeat(101)).error, TextError::TooLong { max: 100 });
        for hidden in ["a\u{0}b", "a\nb", "a\u{202E}b", "a\u{2066}b"] {
            assert_eq!(refused(hidden, "O").error, TextError::ControlCharacter);
        }
    }
}
