//! The tiny language in which a form says when a field is shown or required.
//!
//! `always` · `never` · `channel = guardian` · `channel != self` · `channel in [self, guardian]` ·
//! `phone is empty` · `phone is given`, joined by `and`. It has no `or`, no brackets and no
//! arithmetic on purpose: what it cannot say belongs in the domain.

use std::fmt;

/// A parsed condition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    never: bool,
    clauses: Vec<Clause>,
}

/// One comparison of a named fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The field id, `rule_set`, `durations`, or a profile fact such as `profile.record_ground`.
    pub fact: String,
    /// What is asked of it.
    pub test: Test,
}

/// What a clause asks of its fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Equal to this value; an absent flag equals `false`.
    Is(String),
    /// Different from this value.
    IsNot(String),
    /// One of these.
    IsIn(Vec<String>),
    /// Nothing is given.
    IsEmpty,
    /// Something is given.
    IsGiven,
}

/// Why a text is not a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the condition at \"{at}\"")]
pub struct BadCondition {
    /// The part that could not be read.
    pub at: String,
}

impl Condition {
    /// The condition that always holds.
    pub fn always() -> Self {
        Self::default()
    }

    /// The condition that never holds.
    pub fn never() -> Self {
        Self {
            never: true,
            clauses: Vec::new(),
        }
    }

    /// Reads a condition.
    pub fn parse(text: &str) -> Result<Self, BadCondition> {
        match text.trim() {
            "always" => Ok(Self::always()),
            "never" => Ok(Self::never()),
            other => {
                let clauses = other.split(" and ").map(clause).collect::<Result<_, _>>()?;
                Ok(Self {
                    never: false,
                    clauses,
                })
            }
        }
    }

    /// Whether it can never hold.
    pub fn is_never(&self) -> bool {
        self.never
    }

    /// The comparisons, all of which must hold.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// Whether it holds, given what each named fact is; an unknown fact is the empty text.
    pub fn holds<'a>(&self, fact: impl Fn(&str) -> Option<&'a str>) -> bool {
        !self.never
            && self
                .clauses
                .iter()
                .all(|clause| clause.holds(fact(&clause.fact)))
    }
}

impl Clause {
    fn holds(&self, given: Option<&str>) -> bool {
        let given = given.unwrap_or_default().trim();
        let equals = |value: &str| given == value || (value == "false" && given.is_empty());
        match &self.test {
            Test::Is(value) => equals(value),
            Test::IsNot(value) => !equals(value),
            Test::IsIn(values) => values.iter().any(|value| equals(value)),
            Test::IsEmpty => given.is_empty(),
            Test::IsGiven => !given.is_empty(),
        }
    }

    /// The values the clause names.
    pub fn values(&self) -> &[String] {
        match &self.test {
            Test::Is(value) | Test::IsNot(value) => std::slice::from_ref(value),
            Test::IsIn(values) => values,
            Test::IsEmpty | Test::IsGiven => &[],
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.never {
            return f.write_str("never");
        }
        if self.clauses.is_empty() {
            return f.write_str("always");
        }
        for (n, Clause { fact, test }) in self.clauses.iter().enumerate() {
            if n > 0 {
                f.write_str(" and ")?;
            }
            match test {
                Test::Is(value) => write!(f, "{fact} = {value}")?,
                Test::IsNot(value) => write!(f, "{fact} != {value}")?,
                Test::IsIn(values) => write!(f, "{fact} in [{}]", values.join(", "))?,
                Test::IsEmpty => write!(f, "{fact} is empty")?,
                Test::IsGiven => write!(f, "{fact} is given")?,
            }
        }
        Ok(())
    }
}

fn clause(text: &str) -> Result<Clause, BadCondition> {
    let bad = || BadCondition {
        at: text.trim().to_owned(),
    };
    let (fact, rest) = text.trim().split_once(' ').ok_or_else(bad)?;
    let rest = rest.trim();
    let test = if rest == "is empty" {
        Test::IsEmpty
    } else if rest == "is given" {
        Test::IsGiven
    } else if let Some(value) = rest.strip_prefix("!= ") {
        Test::IsNot(word(value).ok_or_else(bad)?)
    } else if let Some(value) = rest.strip_prefix("= ") {
        Test::Is(word(value).ok_or_else(bad)?)
    } else {
        let list = rest
            .strip_prefix("in [")
            .and_then(|rest| rest.strip_suffix(']'));
        let words = list
            .ok_or_else(bad)?
            .split(',')
            .map(word)
            .collect::<Option<Vec<_>>>();
        Test::IsIn(words.ok_or_else(bad)?)
    };
    Ok(Clause {
        fact: word(fact).ok_or_else(bad)?,
        test,
    })
}

fn word(text: &str) -> Option<String> {
    let text = text.trim();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
    (!text.is_empty() && text.chars().all(plain)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(condition: &str, facts: &[(&str, &str)], expected: bool) {
        let parsed = Condition::parse(condition).expect(condition);
        let holds = parsed.holds(|name| facts.iter().find(|(k, _)| *k == name).map(|(_, v)| *v));
        assert_eq!(holds, expected, "{condition} with {facts:?}");
    }

    #[test]
    fn each_comparison_holds_when_its_fact_says_so() {
        check("always", &[], true);
        check("never", &[("channel", "self")], false);
        check("channel = guardian", &[("channel", "guardian")], true);
        check("channel = guardian", &[("channel", "self")], false);
        check("channel != guardian", &[], true);
        check(
            "channel in [self, guardian]",
            &[("channel", "guardian")],
            true,
        );
        check(
            "channel in [self, guardian]",
            &[("channel", "representative")],
            false,
        );
        check("phone is empty", &[("phone", "  ")], true);
        check("phone is given", &[("phone", "70 00 00 00")], true);
        check("a = b and c = d", &[("a", "b"), ("c", "e")], false);
    }

    #[test]
    fn a_flag_nobody_touched_is_false() {
        check("address_protected = false", &[], true);
        check("address_protected = true", &[], false);
    }

    #[test]
    fn what_it_cannot_say_is_refused() {
        for text in [
            "",
            "channel",
            "channel = ",
            "a = b or c = d",
            "a = 'b'",
            "a in self",
            "a > 1",
        ] {
            assert!(Condition::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn it_prints_as_it_was_written() {
        for text in [
            "always",
            "never",
            "a = b and c in [d, e] and f is empty and g != h",
        ] {
            assert_eq!(Condition::parse(text).expect(text).to_string(), text);
        }
    }
}
