//! Rules of the CPR number, table style and as properties.
//!
//! Numbers written out here fail modulus 11, or carry +60 days, or stand in the public sample messages.

use proptest::prelude::*;

use super::*;

fn cpr(text: &str) -> Cpr {
    Cpr::parse(text).unwrap()
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

#[test]
fn the_seventh_digit_and_the_year_give_the_century() {
    // Seventh digit, then the century for the years 00, 36, 37, 57, 58 and 99.
    let table = [
        (0, [1900, 1900, 1900, 1900, 1900, 1900]),
        (1, [1900, 1900, 1900, 1900, 1900, 1900]),
        (2, [1900, 1900, 1900, 1900, 1900, 1900]),
        (3, [1900, 1900, 1900, 1900, 1900, 1900]),
        (4, [2000, 2000, 1900, 1900, 1900, 1900]),
        (5, [2000, 2000, 2000, 2000, 1800, 1800]),
        (6, [2000, 2000, 2000, 2000, 1800, 1800]),
        (7, [2000, 2000, 2000, 2000, 1800, 1800]),
        (8, [2000, 2000, 2000, 2000, 1800, 1800]),
        (9, [2000, 2000, 1900, 1900, 1900, 1900]),
    ];

    for (seventh, centuries) in table {
        for (year, century) in [0, 36, 37, 57, 58, 99].into_iter().zip(centuries) {
            let number = format!("6206{year:02}{seventh}001");
            assert_eq!(
                cpr(&number).birth_date().year(),
                century + year,
                "{seventh} {year:02}"
            );
        }
    }
}

#[test]
fn a_number_is_read_with_and_without_hyphen_and_spaces() {
    for text in [
        "2512169996",
        "251216-9996",
        " 251216 - 9996 ",
        "25 12 16 99 96",
        "251216\u{2013}9996",
        "251216\u{a0}9996\r\n",
    ] {
        assert_eq!(cpr(text).birth_date(), date(2016, 12, 25), "{text:?}");
    }
}

#[test]
fn what_is_not_a_number_is_refused_with_its_reason() {
    for (text, error) in [
        ("", CprError::Empty),
        ("   ", CprError::Empty),
        ("251216999", CprError::WrongLength { found: 9 }),
        ("251216-99961", CprError::WrongLength { found: 11 }),
        ("-", CprError::WrongLength { found: 0 }),
        ("2512-169996", CprError::HyphenMisplaced),
        ("251216--9996", CprError::HyphenMisplaced),
        ("251216999O", CprError::NotADigit { position: 10 }),
        ("251216KOT1", CprError::NotADigit { position: 7 }),
        ("٢٥١٢١٦٩٩٩٦", CprError::NotADigit { position: 1 }),
        ("251316-9996", CprError::NoSuchMonth),
        ("250016-9996", CprError::NoSuchMonth),
        ("320116-9996", CprError::NoSuchDay),
        ("001216-9996", CprError::NoSuchDay),
        ("921216-9996", CprError::NoSuchDay),
        ("601216-9996", CprError::NoSuchDay),
        ("0000000000", CprError::NoSuchMonth),
    ] {
        assert_eq!(Cpr::parse(text), Err(error), "{text:?}");
    }
}

#[test]
fn the_29th_of_february_needs_a_leap_year_of_the_right_century() {
    // 1900 was no leap year, 2000 was; the seventh digit decides which one is meant.
    assert_eq!(Cpr::parse("290200-0001"), Err(CprError::NoSuchDay));
    assert_eq!(cpr("290200-5001").birth_date(), date(2000, 2, 29));
    assert_eq!(Cpr::parse("290223-4001"), Err(CprError::NoSuchDay));
}

#[test]
fn sixty_is_taken_from_the_day_of_a_replacement_number() {
    let replacement = cpr("670812-4003");

    assert_eq!(replacement.kind(), CprKind::Replacement);
    assert_eq!(replacement.birth_date(), date(2012, 8, 7));
    assert_eq!(replacement.warnings(), [CprWarning::ReplacementNumber]);
    assert_eq!(cpr("910812-4003").birth_date(), date(2012, 8, 31));
}

#[test]
fn modulus_11_warns_and_never_refuses() {
    assert_eq!(cpr("251216-9996").warnings(), [CprWarning::Modulus11]);
    assert_eq!(cpr("221177-1212").kind(), CprKind::Ordinary);
}

#[test]
fn a_birth_on_1_january_is_not_warned_about() {
    // Numbers without the check sum are common there, so none is written down even here.
    assert_eq!(missing_check_sum(date(1965, 1, 1)), []);
    assert_eq!(missing_check_sum(date(1965, 1, 2)), [CprWarning::Modulus11]);
}

#[test]
fn the_last_digit_gives_the_sex() {
    assert_eq!(cpr("251216-9996").sex(), Sex::Female);
    assert_eq!(cpr("670812-4003").sex(), Sex::Male);
}

#[test]
fn age_counts_full_years() {
    let citizen = cpr("251216-9996");

    assert_eq!(citizen.age_on(date(2016, 12, 24)), None, "not yet born");
    assert_eq!(citizen.age_on(date(2016, 12, 25)), Some(0));
    assert_eq!(citizen.age_on(date(2031, 12, 24)), Some(14));
    assert_eq!(citizen.age_on(date(2031, 12, 25)), Some(15));
    assert_eq!(citizen.reaches_age_on(15), date(2031, 12, 25));
}

#[test]
fn one_born_on_29_february_ages_on_1_march() {
    let citizen = cpr("890212-4002");

    assert_eq!(citizen.age_on(date(2027, 2, 28)), Some(14));
    assert_eq!(citizen.age_on(date(2027, 3, 1)), Some(15));
    assert_eq!(citizen.reaches_age_on(15), date(2027, 3, 1));
    assert_eq!(citizen.reaches_age_on(16), date(2028, 2, 29));
}

#[test]
fn the_mask_hides_the_serial_number() {
    assert_eq!(cpr("251216-9996").masked(), "251216-••••");
}

#[test]
fn debug_and_errors_show_no_digit_of_the_number() {
    let shown = format!("{:?} {:#?}", cpr("251216-9996"), Some(cpr("2211771212")));
    let refused = format!(
        "{:?}",
        Cpr::parse("251216-999").map_err(|error| error.to_string())
    );

    assert!(!shown.contains(|c: char| c.is_ascii_digit()), "{shown}");
    assert!(!refused.contains("2512"), "{refused}");
}

#[test]
fn a_purpose_reveals_all_ten_digits() {
    let citizen = cpr("251216-9996");

    assert_eq!(citizen.reveal_for(Purpose::Transfer), "2512169996");
    assert_eq!(citizen.reveal_hyphenated_for(Purpose::Paper), "251216-9996");
}

#[test]
fn codes_are_pinned() {
    assert_eq!(
        [CprKind::Ordinary.code(), CprKind::Replacement.code()],
        ["ordinary", "replacement"]
    );
    assert_eq!([Sex::Female.code(), Sex::Male.code()], ["female", "male"]);
    assert_eq!(
        [
            CprWarning::Modulus11.code(),
            CprWarning::ReplacementNumber.code()
        ],
        ["modulus_11", "replacement_number"]
    );
}

proptest! {
    #[test]
    fn reading_never_panics_and_a_read_number_reads_back(text in "[-0-9 \u{2013}a-zæ]{0,14}") {
        if let Ok(read) = Cpr::parse(&text) {
            prop_assert_eq!(Cpr::parse(&read.reveal_for(Purpose::Storage)), Ok(read));
            prop_assert_eq!(Cpr::parse(&read.reveal_hyphenated_for(Purpose::Paper)), Ok(read));
        }
    }

    #[test]
    fn ten_digits_are_read_exactly_when_their_date_exists(digits in "[0-9]{10}") {
        let part = |range: std::ops::Range<usize>| digits[range].parse::<u32>().unwrap();
        let day = part(0..2);
        let day = if day > 60 { day - 60 } else { day };
        let read = Cpr::parse(&digits);
        let exists_in_some_century = [1800, 1900, 2000]
            .iter()
            .any(|c| NaiveDate::from_ymd_opt(c + part(4..6) as i32, part(2..4), day).is_some());

        if let Ok(read) = read {
            prop_assert_eq!(read.birth_date().day(), day);
            prop_assert_eq!(read.birth_date().month(), part(2..4));
            prop_assert_eq!(read.birth_date().year() % 100, part(4..6) as i32);
            prop_assert!((1858..=2057).contains(&read.birth_date().year()));
        }
        prop_assert!(exists_in_some_century || read.is_err());
    }

    #[test]
    fn one_changed_digit_breaks_the_check_sum(serial in 0_u32..1000, place in 0_usize..10, add in 1_u8..10) {
        // Day + 60, so that no real person's number is made. One serial in eleven has no check digit.
        let Some(number) = (0..10)
            .map(|check| format!("620672{serial:03}{check}"))
            .find(|number| cpr(number).modulus_11_holds())
        else {
            return Ok(());
        };
        let mut digits = number.into_bytes();
        digits[place] = b'0' + (digits[place] - b'0' + add) % 10;
        if let Ok(changed) = Cpr::parse(std::str::from_utf8(&digits).unwrap()) {
            prop_assert!(!changed.modulus_11_holds(), "the check sum sees every single wrong digit");
        }
    }

    #[test]
    fn age_grows_by_one_from_birthday_to_birthday(serial in 0_u32..10_000, years in 0_u16..110) {
        let citizen = cpr(&format!("890272{serial:04}"));
        let birthday = citizen.reaches_age_on(years);

        prop_assert_eq!(citizen.age_on(birthday), Some(years));
        prop_assert_eq!(citizen.age_on(birthday.pred_opt().unwrap()), years.checked_sub(1));
    }
}
