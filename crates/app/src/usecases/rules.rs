//! The rules to look up: every rule set with what it changed, and the help beside the questions.

use crate::api::rules::RuleLibrary;
use crate::error::AppError;
use crate::present::rule_library;
use crate::state::App;

impl App {
    /// The rules and the help, for whoever is signed in; nothing about any citizen.
    ///
    /// # Errors
    /// `NotSignedIn`, `SessionLocked`.
    pub fn rule_library(&self, (): ()) -> Result<RuleLibrary, AppError> {
        self.at_work(|work| {
            let today = work.today();
            let (rules, texts) = (self.forms.rules(), self.forms.texts());
            let profile = &self.profile(work.store)?;
            let guide = rules.on(today).map(|set| set.guide.as_str());
            Ok(RuleLibrary {
                sets: rule_library::rule_sets(rules, texts, today),
                help: rule_library::help(texts, profile, guide.unwrap_or_default()),
            })
        })
    }
}
