//! What a caller may do: the policies of a function's role.

/// A role with its policies' statements.
#[derive(Clone, Debug, Default)]
pub struct Role {
    /// The role's name in the template.
    pub name: String,
    /// In any order: one that denies wins.
    pub statements: Vec<Statement>,
}

/// One statement of a policy.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Allow or deny.
    pub effect: Effect,
    /// Patterns such as `dynamodb:GetItem`; letter case doesn't matter.
    pub actions: Vec<String>,
    /// Patterns of ARNs.
    pub resources: Vec<String>,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Allows, unless another denies.
    Allow,
    /// Denies, whatever else is allowed.
    Deny,
}

impl Role {
    /// A role that allows `actions` on `resources`.
    #[must_use]
    pub fn allowing(name: &str, actions: &[&str], resources: &[&str]) -> Self {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let statement =
            Statement { effect: Effect::Allow, actions: owned(actions), resources: owned(resources) };
        Self { name: name.to_owned(), statements: vec![statement] }
    }

    /// Whether the role may do this action on this resource.
    #[must_use]
    pub fn allows(&self, action: &str, resource: &str) -> bool {
        let mut allowed = false;
        for statement in self.statements.iter().filter(|statement| statement.covers(action, resource)) {
            match statement.effect {
                Effect::Deny => return false,
                Effect::Allow => allowed = true,
            }
        }
        allowed
    }
}

impl Statement {
    fn covers(&self, action: &str, resource: &str) -> bool {
        let action = action.to_ascii_lowercase();
        self.actions.iter().any(|pattern| matches(pattern.to_ascii_lowercase().as_bytes(), action.as_bytes()))
            && self.resources.iter().any(|pattern| matches(pattern.as_bytes(), resource.as_bytes()))
    }
}

/// Whether `text` is what `pattern` with its `*` and `?` stands for.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => {
            (0..=text.len()).any(|skip| text.get(skip..).is_some_and(|text| matches(rest, text)))
        }
        ([p, pattern @ ..], [t, text @ ..]) => (*p == b'?' || p == t) && matches(pattern, text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_is_allowed_and_a_denial_wins() {
        let mut role = Role::allowing("r", &["dynamodb:GetItem"], &["arn:aws:dynamodb:*:*:table/accounts"]);
        let accounts = "arn:aws:dynamodb:us-east-1:000000000000:table/accounts";
        assert!(role.allows("dynamodb:GetItem", accounts));
        assert!(!role.allows("dynamodb:PutItem", accounts));
        assert!(!role.allows("dynamodb:GetItem", &format!("{accounts}/index/due")));
        role.statements.push(Statement {
            effect: Effect::Deny,
            actions: vec!["dynamodb:*".to_owned()],
            resources: vec!["*".to_owned()],
        });
        assert!(!role.allows("dynamodb:GetItem", accounts));
    }
}
