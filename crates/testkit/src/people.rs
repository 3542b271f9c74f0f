//! People who cannot exist: their numbers fail modulus 11 and are not of 1 January.

use chrono::{Datelike, NaiveDate};
use skranke_domain::cpr::Cpr;

/// A number for somebody born on that day, which no living person can have.
///
/// # Panics
/// For a 1 January, on which real numbers without modulus 11 were given.
pub fn made_up_number(born_on: NaiveDate) -> String {
    assert!(born_on.ordinal() != 1, "numbers of 1 January may be real");
    let day = born_on.format("%d%m%y").to_string();
    // From the top, where the fewest were given.
    let serials = (0..10_000_u32)
        .rev()
        .map(|serial| format!("{day}{serial:04}"));
    serials
        .filter_map(|digits| Cpr::parse(&digits).ok().map(|cpr| (digits, cpr)))
        .find(|(_, cpr)| cpr.birth_date() == born_on && !cpr.modulus_11_holds())
        .map_or_else(|| panic!("no number for {born_on}"), |(digits, _)| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_number_has_its_birthday_and_fails_modulus_11() {
        for text in ["1941-03-13", "1999-12-31", "2011-03-20", "2012-02-29"] {
            let born_on = text.parse().expect("a day");
            let cpr = Cpr::parse(&made_up_number(born_on)).expect("a number");
            assert_eq!(cpr.birth_date(), born_on);
            assert!(!cpr.modulus_11_holds());
        }
    }
}
