//! Configuration: the variables that the template sets, read in one place.

use std::collections::BTreeMap;

/// The variables of one function, from its process or from the template that is being run locally.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

/// A variable that the template should have set.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {0} is not set; the template sets it for every function that needs it")]
pub struct MissingVariable(pub String);

impl Environment {
    /// The process's own variables.
    #[must_use]
    pub fn of_process() -> Self {
        Self(std::env::vars().collect())
    }

    /// A variable's value.
    ///
    /// # Errors
    /// [`MissingVariable`] when it is unset or empty.
    pub fn get(&self, name: &str) -> Result<&str, MissingVariable> {
        self.find(name).ok_or_else(|| MissingVariable(name.to_owned()))
    }

    /// A variable that may be missing; an empty one is.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
